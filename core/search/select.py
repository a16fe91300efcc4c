"""Selection of the best items in the fixed tie order, by counting instead of sorting everything.

Both kernels give what a full stable sort would: (score descending, index ascending), or (distance ascending,
index ascending). `exclude` is an index that is left out, -1 for none. They write their result into `ids` and
`values`, whose length is the depth; it is at most the number of items that are not excluded.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel

BINS = 4096
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
    count, depth = scores.shape[0], ids.shape[0]
    starts = _fill_bins(scores, bin_of)
    bins = starts.shape[0] - 1
    if exclude >= 0:
        starts[bin_of[exclude]] -= 1
        bin_of[exclude] = bins
    total, last, longest = 0, 0, 0
    for b in range(bins):
        size = starts[b]
        longest = max(longest, size)
        starts[b] = total
        total += size
        last = b
        if total >= depth:
            break
    for i in range(count):
        b = bin_of[i]
        if b <= last:
            items[starts[b]] = i
            keys[starts[b]] = scores[i]
            starts[b] += 1
    if longest <= _LONG:
        _insertion_sort(items, keys, 0, total)  # bins stand in order, so nothing moves further than its bin
    else:
        first = 0
        for b in range(last + 1):  # starts[b] is now the end of bin b
            _sort_bin(items, keys, first, starts[b])
            first = starts[b]
    for rank in range(depth):
        ids[rank] = items[rank]
        values[rank] = keys[rank]


@kernel
def _fill_bins(scores: np.ndarray, bin_of: np.ndarray) -> np.ndarray:
    """Put each score into a bin, the highest into bin 0; the number in each bin, int64 (bins + 1,)."""
    count = scores.shape[0]
    high, low = scores[0], scores[0]
    for i in range(count):
        high = max(high, scores[i])
        low = min(low, scores[i])
    # a span too small or too large to divide by would make bins out of infinities: one bin then
    bins = min(BINS, 2 * count)
    scale = (bins - 1) / (high - low) if 1e-300 < high - low < np.inf else 0.0
    starts = np.zeros(bins + 1, np.int64)
    if scale == 0.0:
        bin_of[:] = 0
        starts[0] = count
    else:
        for i in range(count):
            b = int((high - scores[i]) * scale)
            bin_of[i] = b
            starts[b] += 1
    return starts


@kernel
def _sort_bin(items: np.ndarray, keys: np.ndarray, first: int, end: int) -> None:
    """Stable sort of items[first:end] by descending key, by merging where there are many."""
    if end - first <= _LONG:
        _insertion_sort(items, keys, first, end)
        return
    order = np.argsort(-keys[first:end], kind="mergesort")
    items[first:end] = items[first:end][order]
    keys[first:end] = keys[first:end][order]


@kernel
def _insertion_sort(items: np.ndarray, keys: np.ndarray, first: int, end: int) -> None:
    """Stable sort of items[first:end] by descending key; they come in index order, which settles ties."""
    for i in range(first + 1, end):
        item, key = items[i], keys[i]
        j = i - 1
        while j >= first and keys[j] < key:
            items[j + 1] = items[j]
            keys[j + 1] = keys[j]
            j -= 1
        items[j + 1] = item
        keys[j + 1] = key


@kernel
def select_by_distance(
    distances: np.ndarray, exclude: int, ids: np.ndarray, values: np.ndarray, levels: np.ndarray
) -> None:
    """The smallest of `distances` uint16 (N,); `levels` int32 (D,) gets the number of items at each distance."""
    count, depth = distances.shape[0], ids.shape[0]
    levels[:] = 0
    for i in range(count):
        levels[distances[i]] += 1
    if exclude >= 0:
        levels[distances[exclude]] -= 1
    starts = np.empty(levels.shape[0], np.int64)
    total, last = 0, 0
    for level in range(levels.shape[0]):
        starts[level] = total
        total += levels[level]
        last = level
        if total >= depth:
            break
    for i in range(count):
        level = distances[i]
        if level <= last and i != exclude:
            place = starts[level]
            if place < depth:
                ids[place] = i
                values[place] = level
                starts[level] = place + 1
