"""Large arrays whose memory is used again once nothing refers to them.

Memory fresh from the system is handed out page by page as it is first written to. On a virtual machine that has to
ask its host for each page, a megabyte can take three milliseconds: ids longer to be handed out than to be computed.
An array may lie in a block of up to _WASTE times its size, and _SPARE bytes stay with the process: count with both.
"""

from __future__ import annotations

from threading import Lock
from typing import Any
from weakref import finalize

import numpy as np

_SMALL = 1 << 17  # bytes below which the C library keeps what is freed
_SPARE = 96 << 20  # bytes that lie ready at most
_WASTE = 3  # a block is not used for less than this part of it

_lock = Lock()
_free: list[np.ndarray] = []  # uint8, the one freed last at the end


class _Loan:
    """What arrays refer to as the owner of their memory: once the last one is gone, the memory is free again."""

    def __init__(self, block: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> None:
        finalize(self, _give_back, block).atexit = False
        self.__array_interface__: dict[str, Any] = {
            "shape": shape,
            "typestr": dtype.str,
            "data": (block.ctypes.data, False),
            "version": 3,
        }


def empty(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """As `np.empty`. Safe for many threads at once."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    if size < _SMALL:
        return np.empty(shape, kind)
    block = _taken(size)
    return np.asarray(_Loan(np.empty(size, np.uint8) if block is None else block, shape, kind))


def _taken(size: int) -> np.ndarray | None:
    """The smallest free block that is large enough, and not by far too large."""
    with _lock:
        fitting = [i for i, block in enumerate(_free) if size <= block.nbytes <= _WASTE * size]
        return _free.pop(min(fitting, key=lambda i: _free[i].nbytes)) if fitting else None


def _give_back(block: np.ndarray) -> None:
    """Keep a block, the newest ones in all at most _SPARE bytes.

    The collector may call this at any time, so it must not wait for a lock that its own thread holds.
    """
    if not _lock.acquire(blocking=False):
        return
    try:
        _free.append(block)
        while sum(each.nbytes for each in _free) > _SPARE:
            del _free[0]
    finally:
        _lock.release()
