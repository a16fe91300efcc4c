"""Average precision over the whole gallery, from the ranks of the relevant items: nothing but these is put in order.

Both kernels give the sum of (hits so far / rank) over the relevant items as it is added up down the whole ranking by
(key ascending, index ascending), to the last bit. `members` int64 (R,) are the relevant items, ascending; `exclude` is
an index that is left out (-1: none), not among them.
"""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import Scalar, kernel

BINS = 2048  # that real keys are first sorted into, so that an item is compared with few relevant ones


@kernel
def ap_sum_of_levels(distances: np.ndarray, members: np.ndarray, exclude: int) -> float:
    """From whole distances uint16 (N,): items are counted by distance, then placed in turn."""
    levels: Scalar = 0
    for n in range(distances.shape[0]):
        levels = max(levels, np.int64(distances[n]))
    places = np.zeros(levels + 1, np.int64)  # items nearer than this distance, later up to and with the item at hand
    found = np.zeros(levels + 1, np.int64)
    for n in range(distances.shape[0]):
        places[distances[n]] += 1
    if exclude >= 0:
        places[distances[exclude]] -= 1
    for member in members:
        found[distances[member]] += 1
    items, hits = 0, 0
    for level in range(levels + 1):
        places[level], items = items, items + places[level]
        found[level], hits = hits, hits + found[level]
    ranks = np.empty(members.shape[0], np.int64)
    m = 0
    for n in range(distances.shape[0]):
        if m == members.shape[0]:
            break
        level = distances[n]
        if n != exclude:
            places[level] += 1
        if n == members[m]:
            ranks[found[level]] = places[level]
            found[level] += 1
            m += 1
    return _sum(ranks)


@kernel
def ap_sum_of_keys(keys: np.ndarray, members: np.ndarray, exclude: int) -> float:
    """From real keys float64 (N,): each item is counted before the first relevant one that it does not follow."""
    count = members.shape[0]
    if count == 0:
        return 0.0
    own = keys[members]
    order = np.argsort(own, kind="mergesort")
    own, index = own[order], members[order]
    low, high = own[0], own[count - 1]
    scale = (BINS - 1) / (high - low) if high > low else 0.0
    if not np.isfinite(scale):  # so near each other that one bin is as good
        scale = 0.0
    starts = np.zeros(BINS + 1, np.int64)
    for j in range(count):
        starts[np.int64((own[j] - low) * scale) + 1] += 1
    b: Scalar
    for b in range(BINS):
        starts[b + 1] += starts[b]
    before = np.zeros(count, np.int64)
    for n in range(keys.shape[0]):
        key = keys[n]
        if key > high or n == exclude:
            continue
        if key < low:
            before[0] += 1
            continue
        b = np.int64((key - low) * scale)
        first, last = starts[b], starts[b + 1]
        while first < last:
            middle = (first + last) // 2
            if own[middle] < key or (own[middle] == key and index[middle] < n):
                first = middle + 1
            else:
                last = middle
        if first < count:
            before[first] += 1
    rank = 0
    for j in range(count):
        rank += before[j]
        before[j] = rank
    return _sum(before)


@kernel
def _sum(ranks: np.ndarray) -> float:
    """In rank order, as `add_ranks` adds up a ranking."""
    total = 0.0
    for j in range(ranks.shape[0]):
        total += (j + 1) * (1.0 / ranks[j])
    return total
