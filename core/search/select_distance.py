"""Selection of the nearest items by whole-number distance, in the fixed order: (distance, index), both ascending."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.search.masks import count_up_to, find_up_to


@kernel
def select_by_distance(
    distances: np.ndarray, exclude: int, ids: np.ndarray, values: np.ndarray, levels: np.ndarray
) -> None:
    """The smallest of `distances` uint16 (N,), `exclude` left out (-1: none), into `ids` and `values` (depth,).

    Distances are below the length of `levels`, int32 scratch. The depth is at most the number of items that are not
    excluded. The last distance needed is found by counting passes, which the machine does 32 items at a time; only
    the items up to it are looked at one by one.
    """
    depth = ids.shape[0]
    own = np.uint16(distances[exclude]) if exclude >= 0 else np.uint16(0)
    low, high = 0, levels.shape[0] - 1
    total = distances.shape[0]
    enough = depth + depth // 8 + 32  # a pass costs more than looking at so many items too many
    while low < high and total > enough:  # a distance that `depth` items are within, and few more
        middle = (low + high) // 2
        within = count_up_to(distances, np.uint16(middle))
        if within - (exclude >= 0 and own <= middle) >= depth:
            high, total = middle, within
        else:
            low = middle + 1
    found = np.empty(total, np.int32)
    total = find_up_to(distances, np.uint16(high), found)
    _place(distances, found[:total], exclude, high, ids, values, levels)


@kernel
def _place(
    distances: np.ndarray,
    found: np.ndarray,
    exclude: int,
    last: int,
    ids: np.ndarray,
    values: np.ndarray,
    levels: np.ndarray,
) -> None:
    """Counting sort of `found`, ascending places whose distances are at most `last`."""
    depth = ids.shape[0]
    levels[: last + 1] = 0
    for i in range(found.shape[0]):
        levels[distances[found[i]]] += 1
    if exclude >= 0 and distances[exclude] <= last:
        levels[distances[exclude]] -= 1
    first = 0
    for level in range(last + 1):
        count = levels[level]
        levels[level] = first
        first += count
    for i in range(found.shape[0]):
        item = found[i]
        level = distances[item]
        place = levels[level]
        if place < depth and item != exclude:
            ids[place] = item
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
