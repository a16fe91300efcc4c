"""A stable sort by whole numbers, one digit after another."""

from __future__ import annotations

import numpy as np

from core.compiled import part

_DIGIT = 8  # bits that one pass looks at


@part
def radix_sort(entries: np.ndarray, scratch: np.ndarray, largest: int) -> None:
    """Sort `entries` uint64 (M,) by the upper 32 bits of each, which are at most `largest`; equal ones stay in order.

    `scratch` uint64 (M,) is written to.
    """
    shift = np.uint64(32)
    starts = np.empty(1 << _DIGIT, np.int64)
    source, target = entries, scratch
    turned = False
    while largest > 0:
        starts[:] = 0
        for i in range(source.shape[0]):
            starts[(source[i] >> shift) & np.uint64(255)] += 1
        total = 0
        for digit in range(starts.shape[0]):
            size = starts[digit]
            starts[digit] = total
            total += size
        for i in range(source.shape[0]):
            digit = (source[i] >> shift) & np.uint64(255)
            target[np.uint64(starts[digit])] = source[i]
            starts[digit] += 1
        source, target = target, source
        turned = not turned
        shift += np.uint64(_DIGIT)
        largest >>= _DIGIT
    if turned:
        entries[:] = scratch
