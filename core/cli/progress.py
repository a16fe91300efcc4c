"""How far commands are, and what they wait for: shown on a terminal alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core import event
from tqdm import tqdm


@contextmanager
def percent_bar(what: str) -> Iterator[Callable[[float], object]]:
    """A bar of 100 %; call what it gives with the share that is done, 0 to 1."""
    with tqdm(total=100, desc=what, unit="%", disable=None) as bar:
        yield lambda share: bar.update(int(100 * share) - bar.n)


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
