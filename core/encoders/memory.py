"""Freed memory kept for the next step."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # names of malloc.h
_KEPT = 2**31 - 1  # bytes


def keep_freed_memory() -> None:
    """Let glibc reuse large blocks instead of handing them back: a training step then writes to pages that exist.

    It makes training on a CPU about a third faster, and encoding a folder a tenth; elsewhere than on glibc nothing is
    done. It counts for the process until its end.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for option, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _KEPT), (_TOP_PAD, 1 << 28)):
        mallopt(option, value)
