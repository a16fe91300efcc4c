"""The C library's allocator, where it is glibc's: it can be told what to do with freed memory."""

from __future__ import annotations

import ctypes
from functools import cache

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX = -1, -2, -3, -4  # options of mallopt, named in malloc.h
MOST = 2**31 - 1  # bytes that an option can be set to


@cache
def glibc() -> ctypes.CDLL | None:
    """The library, for `mallopt` and `malloc_trim`; None where it is another one."""
    try:
        library = ctypes.CDLL("libc.so.6")
        library.malloc_trim.argtypes = [ctypes.c_size_t]
    except (OSError, AttributeError):
        return None
    return library
