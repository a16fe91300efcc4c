"""A small cache shared by all sessions of a process: bounded by bytes, one computation a key at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any


class ByteCache:
    """Least recently used values, together at most `limit` bytes (the newest is kept whatever its size)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._locks: dict[Hashable, Lock] = {}
        self._guard = Lock()

    def get(self, key: Hashable, make: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        """The value of `key`, made once by `make` while other callers of the same key wait; `size` in bytes."""
        with self._guard:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
            lock = self._locks.setdefault(key, Lock())
        with lock:
            with self._guard:
                if key in self._values:
                    return self._values[key][0]
            try:
                value = make()
                bytes_held = size(value)
                with self._guard:
                    self._values[key] = (value, bytes_held)
                    self._shrink()
            finally:  # a key whose making failed keeps nothing here: the next caller tries again
                with self._guard:
                    self._locks.pop(key, None)
            return value

    def __contains__(self, key: Hashable) -> bool:
        with self._guard:
            return key in self._values

    def _shrink(self) -> None:
        total = sum(size for _, size in self._values.values())
        while total > self.limit and len(self._values) > 1:
            _, (_, size) = self._values.popitem(last=False)
            total -= size
