"""Hamming search over codes too many to scan at once: chunk by chunk, with a running top k in the fixed tie order.

A chunk's distances stay in the cache. Once k items are held, an item gets in only by a smaller distance than the
k-th, since at an equal one the earlier item wins; so nearly all later items are passed over by one comparison.
The result is that of `core.search.hamming.rank_hamming` bit for bit, whatever the chunk.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.compiled import kernel
from core.search.exact import no_exclusion
from core.search.hamming import hamming_distances
from core.search.parallel import blocks, run_blocks
from core.search.select_distance import select_by_distance

_CHUNK = 32_768  # items: 64 kB of distances, and 256 kB of one-word codes
_CHUNK_OF_ONE = 131_072  # for a single query, which reads each code once
_ROOM = 1024  # places beyond the depth, at least, before a list is cut back to it
_STRETCH = 128  # distances whose smallest is compared first
_COUNT, _LIMIT, _INSIDE = 0, 1, 2  # columns of a query's state: items held, limit of distance, items held below it


def rank_hamming_chunked(
    query_words: np.ndarray,
    gallery_words: np.ndarray,
    bits: int,
    depth: int,
    exclude: np.ndarray | None = None,
    distance_cap: int | None = None,
    chunk: int | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` nearest codes of each query: ids int32 and distances uint16 (Q, depth), as `rank_hamming` gives them.

    `query_words` uint64 (W, Q) and `gallery_words` uint64 (W, N) are word-major packed codes, the latter perhaps a
    memory map; `chunk` the items scanned at a time; the rest as in `rank_hamming`.
    """
    count, items = query_words.shape[1], gallery_words.shape[1]
    gallery_words = np.asarray(gallery_words)  # a kernel does not know a memory map by its own type
    exclude = no_exclusion(count) if exclude is None else exclude
    cap = bits if distance_cap is None else distance_cap
    rows = np.ascontiguousarray(query_words.T)
    size = chunk or (_CHUNK_OF_ONE if count == 1 else _CHUNK)
    ids = np.empty((count, depth), np.int32)
    distances = np.empty((count, depth), np.uint16)

    def work(block: slice) -> None:
        mine, own = rows[block], exclude[block]
        room = min(items, depth + max(depth, _ROOM))
        near, values = np.empty((len(mine), room), np.int32), np.empty((len(mine), room), np.uint16)
        levels = np.zeros((len(mine), bits + 1), np.int32)
        state = np.zeros((len(mine), 3), np.int64)
        state[:, _LIMIT] = bits + 1
        for part in blocks(items, size):
            words = np.ascontiguousarray(gallery_words[:, part])
            _take_block(mine, words, cap, part.start, own, depth, near, values, levels, state)
        _finish_block(near, values, levels, state, ids[block], distances[block])

    run_blocks(work, count, threads, progress=progress)
    return ids, distances


@kernel
def _take_block(
    queries: np.ndarray,
    words: np.ndarray,
    cap: int,
    start: int,
    exclude: np.ndarray,
    depth: int,
    near: np.ndarray,
    values: np.ndarray,
    levels: np.ndarray,
    state: np.ndarray,
) -> None:
    """Let a chunk's items, from gallery place `start` on, into the running list of each query."""
    scan = np.empty(words.shape[1], np.uint16)
    for q in range(queries.shape[0]):
        hamming_distances(queries[q], words, cap, scan)
        own = exclude[q] - start
        for first in range(0, scan.shape[0], _STRETCH):
            stretch = scan[first : first + _STRETCH]
            low = stretch[0]
            for i in range(stretch.shape[0]):
                low = min(low, stretch[i])
            if low < state[q, _LIMIT]:
                _take(stretch, start + first, own - first, depth, near[q], values[q], levels[q], state[q])


@kernel
def _take(
    stretch: np.ndarray,
    start: int,
    own: int,
    depth: int,
    near: np.ndarray,
    values: np.ndarray,
    levels: np.ndarray,
    state: np.ndarray,
) -> None:
    """Hold the items of a stretch that are below the limit; `own` is the place left out, if it is in the stretch."""
    for i in range(stretch.shape[0]):
        distance = stretch[i]
        if distance < state[_LIMIT] and i != own:
            if state[_COUNT] == near.shape[0]:
                _cut(depth, near, values, levels, state)
            place = state[_COUNT]
            near[place] = start + i
            values[place] = distance
            levels[distance] += 1
            state[_COUNT] += 1
            state[_INSIDE] += 1
            while state[_INSIDE] >= depth:  # enough up to this distance: it takes a smaller one from now on
                state[_LIMIT] -= 1
                state[_INSIDE] -= levels[state[_LIMIT]]


@kernel
def _cut(depth: int, near: np.ndarray, values: np.ndarray, levels: np.ndarray, state: np.ndarray) -> None:
    """Cut the list back to `depth` items: all below the limit, and of those at it the first ones."""
    at_limit = depth - state[_INSIDE]
    left = 0
    for i in range(state[_COUNT]):
        keep = values[i] < state[_LIMIT]
        if values[i] == state[_LIMIT] and at_limit > 0:
            at_limit -= 1
            keep = True
        if keep:
            near[left] = near[i]
            values[left] = values[i]
            left += 1
    levels[state[_LIMIT]] = depth - state[_INSIDE]
    levels[state[_LIMIT] + 1 :] = 0
    state[_COUNT] = left


@kernel
def _finish_block(
    near: np.ndarray,
    values: np.ndarray,
    levels: np.ndarray,
    state: np.ndarray,
    ids: np.ndarray,
    distances: np.ndarray,
) -> None:
    """Put the lists into order: by distance, equal ones as they stand, which is by index."""
    places = np.empty(ids.shape[1], np.int32)
    for q in range(ids.shape[0]):
        held = values[q, : state[q, _COUNT]]
        select_by_distance(held, -1, places, distances[q], levels[q])
        for rank in range(places.shape[0]):
            ids[q, rank] = near[q, places[rank]]
