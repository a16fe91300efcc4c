"""The first items by similarity, each put at the place that the number of items before it names.

To count them takes as many comparisons as there are pairs, but the machine makes 32 of them at once and foresees every
step: for few items less work than a sort, which goes where the values send it.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part
from core.search.masks import LANES, SPARE, count_up_to, limit_for, mask_up_to, put_places
from core.search.settle import settle

# Items up to which counting takes a fraction of a sort's time where similarities crowd, as those of a shortlist do.
# Where they are spread evenly a sort is up to twice as fast for so many, and slower for half as many.
COUNTED = 320
_STEPS = 2.0**32 - 3  # that the similarities are told apart by
_LAST = 2**32 - 2  # the key of the least similarity at most
_NONE = 2**32 - 1  # the key of no item
_REST = 0x7FFFFFFFFFFFFFFF  # all bits of a float64 but its sign


@kernel
def first_by_counting(similarities: np.ndarray, ids: np.ndarray, depth: int) -> np.ndarray:
    """Positions int32 (depth,) of the first by `similarities` float64 (M,), descending, equal ones by `ids` int32 (M,).

    `depth` is from 1 to M. None, int32 (0,), where more than COUNTED items are left that could be among them.
    """
    keys = np.empty(_padded(ids.shape[0]), np.uint32)
    _to_keys(similarities, keys)
    # A pass costs more than counting for so many items too many.
    last, total = limit_for(keys, 1, _LAST, ids.shape[0], depth, depth + depth // 8 + 16)
    if total > COUNTED:
        return np.empty(0, np.int32)
    items = np.empty(total + SPARE, np.int32)
    total = 0
    for start in range(0, keys.shape[0], LANES):
        total = put_places(mask_up_to(keys, start, np.uint32(last)), start, items, total)
    held = np.full(_padded(total), _NONE, np.uint32)
    for i in range(total):
        held[i] = keys[items[i]]
    order, sharing = np.empty(total, np.int32), np.zeros(total, np.int32)
    for i in range(total):
        before = count_up_to(held, np.uint32(held[i] - np.uint32(1)))
        order[before + sharing[before]] = items[i]
        sharing[before] += 1
    for first in range(depth):
        if sharing[first] > 1:
            settle(order[first : first + sharing[first]], similarities, ids)
    return order[:depth]


@part
def _padded(count: int) -> int:
    return -(-count // LANES) * LANES


@part
def _to_keys(similarities: np.ndarray, keys: np.ndarray) -> None:
    """Whole numbers from 1 to _LAST that never ascend with the similarity, and _NONE up to the end of `keys`."""
    count = similarities.shape[0]
    bits = similarities.view(np.int64)
    high, low = np.int64(-_REST - 1), np.int64(_REST)
    for i in range(count):  # as whole numbers of the same order, of which a machine finds the ends many at once
        number = bits[i] ^ ((bits[i] >> 63) & _REST)
        high = max(high, number)
        low = min(low, number)
    ends = np.empty(2, np.int64)
    ends[0] = high ^ ((high >> 63) & _REST)
    ends[1] = low ^ ((low >> 63) & _REST)
    most, least = ends.view(np.float64)
    scale = _STEPS / (most - least) if most > least else 0.0
    if scale == 0.0 or not np.isfinite(scale):  # too far apart or too near each other: one step is as good
        keys[:count] = 1
    else:
        for i in range(count):  # a smaller similarity never has a smaller key, however the two products are rounded
            keys[i] = np.uint32(np.int64((most - similarities[i]) * scale) + 1)
    keys[count:] = _NONE
