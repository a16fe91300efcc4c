"""How far commands are, and what they wait for: shown on a terminal alone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core import event
from tqdm import tqdm


@contextmanager
def percent_bar(what: str) -> Iterator[Callable[[float], object]]:
    """A bar of 100 %; call what it gives with the share that is done, 0 to 1."""
    with tqdm(total=100, desc=what, unit="%", disable=None) as bar:
        yield lambda share: bar.update(int(100 * share) - bar.n)


class ShardBar:
    """One bar for each ranking of a search over shards: how far each shard is."""

    def __init__(self) -> None:
        self._lock, self._bar, self._done = threading.Lock(), tqdm(disable=True), [0]

    def __call__(self, shards: int, blocks: int, shard: int | None) -> None:
        """A ranking of so many blocks begins, or a shard is done with one more of them."""
        with self._lock:
            if shard is None:
                self._bar.close()
                self._done = [0] * shards
                self._bar = tqdm(total=shards * blocks, desc="shards", unit="block", disable=None, leave=False)
                return
            self._done[shard % len(self._done)] += 1
            self._bar.set_postfix_str(f"{' '.join(map(str, self._done))} of {blocks}", refresh=False)
            self._bar.update()
            if self._bar.total is not None and self._bar.n >= self._bar.total:
                self._bar.close()


class _Compiling(event.Listener):
    """Says once that something is being compiled, when it first is."""

    said = False

    def on_start(self, event: event.Event) -> None:
        if not self.said:
            self.said = True
            print("preparing this computer, once (about 15 s) ...", file=sys.stderr)

    def on_end(self, event: event.Event) -> None:
        pass


def say_when_compiling() -> None:
    """Let a person know why the first command takes longer."""
    if sys.stderr.isatty():
        event.register("numba:compile", _Compiling())
