"""Selection of the nearest items by whole-number distance, in the fixed order: (distance, index), both ascending."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.search.masks import LANES, SPARE, count_up_to, find_up_to, mask_equal, put_places

_FEW_LEVELS = 32  # up to which items are picked level by level
_NONE = 0xFFFF  # no distance


@kernel
def select_by_distance(
    distances: np.ndarray, exclude: int, ids: np.ndarray, values: np.ndarray, levels: np.ndarray
) -> None:
    """The smallest of `distances` uint16 (N,), `exclude` left out (-1: none), into `ids` and `values` (depth,).

    `values` (0,) are not told. Distances are below the length of `levels`, int32 scratch; they are as they were in the
    end. The depth is at most the number of items that are not excluded. The last distance needed is found by counting
    passes, which the machine does 32 items at a time; only the items up to it are looked at one by one.
    """
    own = distances[max(exclude, 0)]
    if exclude >= 0:
        distances[exclude] = _NONE  # until the end: past every distance that is looked for
    depth = ids.shape[0]
    low, high = 0, levels.shape[0] - 1
    total = distances.shape[0]
    enough = depth + depth // 8 + 32  # a pass costs more than looking at so many items too many
    while low < high and total > enough:  # a distance that `depth` items are within, and few more
        middle = (low + high) // 2
        within = count_up_to(distances, np.uint16(middle))
        if within >= depth:
            high, total = middle, within
        else:
            low = middle + 1
    found = np.empty(total + SPARE, np.int32)
    total = find_up_to(distances, np.uint16(high), found)
    held = np.full(-(-total // LANES) * LANES, _NONE, np.uint16)
    for i in range(total):
        held[i] = distances[found[i]]
    first = np.uint16(_NONE)
    for i in range(held.shape[0]):
        first = min(first, held[i])
    if high - first < _FEW_LEVELS:
        _pick(held, found, first, ids, values)
    else:
        _place(held[:total], found, high, ids, values, levels)
    if exclude >= 0:
        distances[exclude] = own


@kernel
def _pick(held: np.ndarray, found: np.ndarray, first: int, ids: np.ndarray, values: np.ndarray) -> None:
    """Take the items of each distance in turn, from `first` on.

    `held` are the distances of `found`, in whole blocks of LANES: where they are few, a look at all of them for each
    takes less time than a counter for each, which waits for itself.
    """
    depth = ids.shape[0]
    order = np.empty(held.shape[0] + SPARE, np.int32)
    taken, level = 0, np.int64(first)
    while taken < depth:
        before = taken
        for start in range(0, held.shape[0], LANES):
            taken = put_places(mask_equal(held, start, np.uint16(level)), start, order, taken)
        values[before : min(taken, depth)] = level
        level += 1
    for rank in range(depth):
        ids[rank] = found[order[rank]]


@kernel
def _place(
    held: np.ndarray, found: np.ndarray, last: int, ids: np.ndarray, values: np.ndarray, levels: np.ndarray
) -> None:
    """Counting sort of the first items of `found` by their distances `held`, which are at most `last`."""
    depth = ids.shape[0]
    levels[: last + 1] = 0
    for i in range(held.shape[0]):
        levels[held[i]] += 1
    first = 0
    for level in range(last + 1):
        count = levels[level]
        levels[level] = first
        first += count
    for i in range(held.shape[0]):
        level = held[i]
        place = levels[level]
        if place < depth:
            ids[place] = found[i]
            if place < values.shape[0]:
                values[place] = level
            levels[level] = place + 1


@kernel
def count_levels(distances: np.ndarray, exclude: int, levels: np.ndarray) -> None:
    """Number of items at each distance, `exclude` left out, into `levels` int32 (D,)."""
    levels[:] = 0
    for i in range(distances.shape[0]):
        levels[distances[i]] += 1
    if exclude >= 0:
        levels[distances[exclude]] -= 1
