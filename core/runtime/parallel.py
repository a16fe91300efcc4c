"""Blocks of queries over threads. Kernels release the GIL and write to rows of their own, so the number of
threads and the size of a block cannot change a result; threads of one process are safe under many sessions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from core.errors import BadInput

BLOCK = 128  # queries a block: small enough to balance two threads, large enough to hide the call


def available_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_threads(threads: int | None) -> int:
    """`threads`, or every available core for None; raises BadInput below 1."""
    if threads is not None and threads < 1:
        raise BadInput(f"threads {threads} is below 1: give a whole number from 1 up")
    return threads or available_threads()


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Slices of at most `size` that cover 0..count-1 in order."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def run_blocks(
    work: Callable[[slice], None],
    count: int,
    threads: int | None = None,
    size: int = BLOCK,
    progress: Callable[[float], object] | None = None,
) -> None:
    """Call `work` on every block; `progress` hears the share that is done."""
    todo = list(blocks(count, size))
    workers = min(check_threads(threads), len(todo))
    if workers <= 1:
        for done, block in enumerate(todo, start=1):
            work(block)
            if progress:
                progress(done / len(todo))
        return
    with ThreadPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(work, todo), start=1):
            if progress:
                progress(done / len(todo))
