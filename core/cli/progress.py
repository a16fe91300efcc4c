"""The progress bars of commands, drawn on a terminal alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def percent_bar(what: str) -> Iterator[Callable[[float], None]]:
    """A bar of 100 %; call what it gives with the share that is done, 0 to 1."""
    with tqdm(total=100, desc=what, unit="%", disable=None) as bar:
        yield lambda share: bar.update(int(100 * share) - bar.n)
