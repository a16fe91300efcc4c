"""Selection of the most similar items in the fixed order, (score descending, index ascending), by counting.

It gives what a full stable sort would. `exclude` is an index that is left out, -1 for none. The result is written into
`ids` and `values`, whose length is the depth; it is at most the number of items that are not excluded.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.search.masks import SPARE, find_up_to

_OCTAVES = 30  # bins reach from the largest gap down by so many powers of two
_FINE, _COARSE = 7, 4  # an octave has 2**_FINE bins, or 2**_COARSE for few items
_FEW = 1024
_LONG = 48  # a bin with more items than this is merge-sorted


@kernel
def select_by_score(
    scores: np.ndarray,
    exclude: int,
    ids: np.ndarray,
    values: np.ndarray,
    bin_of: np.ndarray,
    items: np.ndarray,
    keys: np.ndarray,
) -> None:
    """The largest of `scores` float64 (N,). Scratch: `bin_of` int32, `items` int32, `keys` float64, each (N,)."""
    depth = ids.shape[0]
    starts = _fill_bins(scores, exclude, bin_of)
    total, last, longest = 0, 0, 0
    for b in range(starts.shape[0]):
        size = starts[b]
        longest = max(longest, size)
        starts[b] = total
        total += size
        last = b
        if total >= depth:
            break
    found = np.empty(total + 1 + SPARE, np.int32)
    count = find_up_to(bin_of, np.int32(last), found)
    for n in range(count):
        i = found[n]
        if i != exclude:
            place = starts[bin_of[i]]
            items[place] = i
            keys[place] = scores[i]
            starts[bin_of[i]] = place + 1
    if longest > _LONG:
        first = 0
        for b in range(last + 1):
            end = starts[b]  # the place after the last one that was filled
            if end - first > _LONG:
                _merge_sort(items, keys, first, end)
            first = end
    _insertion_sort(items, keys, total)  # bins stand in order, so nothing moves further than its bin
    for rank in range(depth):
        ids[rank] = items[rank]
        values[rank] = keys[rank]


@kernel
def _fill_bins(scores: np.ndarray, exclude: int, bin_of: np.ndarray) -> np.ndarray:
    """Put each score into a bin, the highest into bin 0; the number in each bin, int64, less `exclude`.

    The bin is made of the leading bits of the gap to the highest score as a float32, its exponent and a few more: bins
    are narrow where scores crowd at the top, as those of a query's own class do. A larger gap never has larger bits.
    """
    count = scores.shape[0]
    fine = _FINE if count > _FEW else _COARSE
    bins, shift = (_OCTAVES + 1) << fine, 23 - fine
    high, low = scores[0], scores[0]
    for i in range(count):
        high = max(high, scores[i])
        low = min(low, scores[i])
    gaps = bin_of.view(np.float32)
    for i in range(count):
        gaps[i] = abs(high - scores[i])  # of signed zeros too
    widest = np.empty(1, np.float32)
    widest[0] = abs(high - low)
    lowest = (widest.view(np.int32)[0] >> shift) - (bins - 1)
    for i in range(count):
        bin_of[i] = min(max((bin_of[i] >> shift) - lowest, 0), bins - 1)
    starts = np.zeros(bins, np.int64)
    for i in range(count):
        starts[np.uint64(bin_of[i])] += 1  # an unsigned index is not checked for being negative
    if exclude >= 0:
        starts[bin_of[exclude]] -= 1
    return starts


@kernel
def _merge_sort(items: np.ndarray, keys: np.ndarray, first: int, end: int) -> None:
    """Stable sort of items[first:end] by descending key."""
    order = np.argsort(-keys[first:end], kind="mergesort")
    items[first:end] = items[first:end][order]
    keys[first:end] = keys[first:end][order]


@kernel
def _insertion_sort(items: np.ndarray, keys: np.ndarray, count: int) -> None:
    """Stable sort of the first `count` items by descending key; they come in index order, which settles ties."""
    for i in range(1, count):
        item, key = items[i], keys[i]
        j = i - 1
        while j >= 0 and keys[j] < key:
            items[j + 1] = items[j]
            keys[j + 1] = keys[j]
            j -= 1
        items[j + 1] = item
        keys[j + 1] = key
