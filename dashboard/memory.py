"""Large arrays go back to the system when they are freed; while an encoder is at work, when it is done.

glibc learns from freed blocks of up to 32 MB to take the next ones of that size from a pool of the thread, and a
server has many threads: results of earlier settings would stay in memory, some hundred megabytes of them. A network
frees and takes the same few blocks hundreds of times, though: mapped anew each time, they cost it a third of its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from core.allocator import MMAP_THRESHOLD, MOST, TRIM_THRESHOLD, glibc

_LARGE = 1 << 20
_LARGEST = 32 << 20  # that glibc takes from a pool
_TRIM_AT = 128 << 10  # glibc's own

_LOCK = Lock()
_keeping = 0  # sessions that encode just now


@cache
def return_freed_arrays() -> bool:
    """Ask the C library to map blocks from 1 MB up one by one; False where it is not glibc."""
    library = glibc()
    return library is not None and bool(library.mallopt(MMAP_THRESHOLD, _LARGE))


@contextmanager
def freed_arrays_kept() -> Iterator[None]:
    """Within it freed blocks are used again, by all threads; at its end, the last one's of several, all go back."""
    if not return_freed_arrays():
        yield
        return
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(more: int) -> None:
    global _keeping
    library = glibc()
    with _LOCK:
        before, _keeping = _keeping, _keeping + more
        if not before:
            library.mallopt(MMAP_THRESHOLD, _LARGEST)
            library.mallopt(TRIM_THRESHOLD, MOST)
        elif not _keeping:
            library.mallopt(MMAP_THRESHOLD, _LARGE)
            library.mallopt(TRIM_THRESHOLD, _TRIM_AT)
            library.malloc_trim(0)  # milliseconds
