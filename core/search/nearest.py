"""The nearest few of many by a distance that is a small whole number, in the fixed order (distance, index)."""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import Scalar, kernel
from core.search.select import SPARE, count_up_to, enough, find_up_to, to_starts

_NONE = np.uint16(0xFFFF)  # beyond every distance


@kernel
def limit_of_distances(distances: np.ndarray, high: int, depth: int) -> int:
    """The least distance that at least `depth` items are within, or a larger one that few more are within.

    `distances` uint16 (N,), of which at least `depth` are at most `high`.
    """
    low, within = -1, distances.shape[0]  # fewer than `depth` are up to `low`, `within` at most up to `high`
    while high - low > 1 and within > enough(depth):
        middle = (low + high) // 2
        count = count_up_to(distances, np.uint16(middle))
        if count >= depth:
            high, within = middle, count
        else:
            low = middle
    return high


@kernel
def take_nearest(
    scan: np.ndarray, start: int, exclude: int, most: int, held: int, ids: np.ndarray, distances: np.ndarray
) -> int:
    """Let the items of a scan into a running list of the nearest; how many the list then holds.

    `scan` uint16 (n,) are the distances, at most `most`, of the items from index `start` on, and is written to;
    `exclude` is the index of an item that is left out, -1 for none. `ids` int32 and `distances` uint16 (depth,) hold
    the nearest of the items before `start`, the first `held` of them filled. An item with the distance of the last
    one of a full list comes too late: the earlier index goes first.
    """
    depth = ids.shape[0]
    if start <= exclude < start + scan.shape[0]:
        scan[exclude - start] = _NONE
    limit: Scalar = most if held < depth else np.int64(distances[depth - 1]) - 1
    if limit < 0:
        return held
    within = count_up_to(scan, np.uint16(limit))
    if within > enough(depth):
        limit = limit_of_distances(scan, limit, depth)
        within = count_up_to(scan, np.uint16(limit))
    if within == 0:
        return held
    found = np.empty(within + SPARE, np.int32)
    find_up_to(scan, np.uint16(limit), found)
    names, apart = np.empty(held + within, np.int32), np.empty(held + within, np.uint16)
    for i in range(held):
        names[i], apart[i] = ids[i], distances[i]
    for i in range(within):
        names[held + i], apart[held + i] = start + found[i], scan[found[i]]
    _sort_by_distance(names, apart, most, ids, distances)
    return min(held + within, depth)


@kernel
def _sort_by_distance(names: np.ndarray, apart: np.ndarray, most: int, ids: np.ndarray, distances: np.ndarray) -> None:
    """A counting sort of `names` by their distances `apart`, at most `most`, equal ones in their order; cut to what
    `ids` and `distances` have room for."""
    places = np.zeros(most + 1, np.int64)  # of the next item at each distance
    for i in range(apart.shape[0]):
        places[apart[i]] += 1
    to_starts(places)
    order = np.empty(apart.shape[0], np.int32)
    for i in range(apart.shape[0]):
        place = places[apart[i]]
        order[place] = i
        places[apart[i]] = place + 1
    for rank in range(min(order.shape[0], ids.shape[0])):
        ids[rank], distances[rank] = names[order[rank]], apart[order[rank]]


@kernel
def count_levels(distances: np.ndarray, exclude: int, levels: np.ndarray) -> None:
    """Number of items at each distance, `exclude` left out, into `levels` int32 (D,)."""
    levels[:] = 0
    for i in range(distances.shape[0]):
        levels[distances[i]] += 1
    if exclude >= 0:
        levels[distances[exclude]] -= 1
