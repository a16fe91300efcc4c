"""Freed memory kept for the next step."""

from __future__ import annotations

from core.allocator import MMAP_MAX, MOST, TOP_PAD, TRIM_THRESHOLD, glibc


def keep_freed_memory() -> None:
    """Let glibc reuse large blocks instead of handing them back: a training step then writes to pages that exist.

    It makes training on a CPU about a third faster, and encoding a folder a tenth; elsewhere than on glibc nothing is
    done. It counts for the process until its end.
    """
    library = glibc()
    if library is None:
        return
    for option, value in ((MMAP_MAX, 0), (TRIM_THRESHOLD, MOST), (TOP_PAD, 1 << 28)):
        library.mallopt(option, value)
