"""Large arrays go back to the system when they are freed.

glibc learns from freed blocks of up to 32 MB to take the next ones of that size from a pool of the thread, and a
server has many threads: results of earlier settings would stay in memory, some hundred megabytes of them.
"""

from __future__ import annotations

import ctypes
from functools import cache

_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE = 1 << 20


@cache
def return_freed_arrays() -> bool:
    """Ask the C library to map blocks from 1 MB up one by one; False where it is not glibc."""
    try:
        return bool(ctypes.CDLL("libc.so.6").mallopt(_M_MMAP_THRESHOLD, _LARGE))
    except (OSError, AttributeError):
        return False
