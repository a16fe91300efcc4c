"""Hamming search: rank the gallery by the number of code bits that differ from the query's.

Codes too many to be scanned at once are scanned chunk by chunk, with a running list of the nearest. Neither chunks nor
threads change a result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import blocks, run_blocks
from core.search.door import no_exclusion
from core.search.nearest import count_levels, take_nearest
from core.search.select import popcount

_CHUNK = 131_072  # codes scanned at a time: their distances, 256 kB, stay in the second-level cache


class HammingRanking(NamedTuple):
    """ids int32 and distances uint16 (Q, depth)."""

    ids: np.ndarray
    distances: np.ndarray


def rank_hamming(
    query_words: np.ndarray,
    gallery_words: np.ndarray,
    bits: int,
    depth: int,
    exclude: np.ndarray | None = None,
    distance_cap: int | None = None,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
    tell_distances: bool = True,
    chunk: int | None = None,
) -> HammingRanking:
    """The `depth` nearest codes of each query, ordered by (distance ascending, index ascending).

    `query_words` uint64 (W, Q) and `gallery_words` uint64 (W, N) are word-major packed codes, the latter perhaps a
    memory map; `exclude` int64 (Q,) as in exact search; a larger distance than `distance_cap` counts as the cap (1:
    equal or not). `chunk` is the number of codes scanned at a time. Without `tell_distances` the distances are (Q, 0).
    """
    count, items = query_words.shape[1], gallery_words.shape[1]
    gallery_words = np.asarray(gallery_words)  # a kernel does not know a memory map by its own type
    exclude = no_exclusion(count) if exclude is None else exclude
    cap = bits if distance_cap is None else min(bits, distance_cap)
    rows = np.ascontiguousarray(query_words.T)
    ids = np.empty((count, depth), np.int32)
    distances = np.empty((count, depth if tell_distances else 0), np.uint16)

    def work(block: slice) -> None:
        mine = rows[block]
        held, found = np.zeros(len(mine), np.int64), np.empty((len(mine), depth), np.uint16)
        for part in blocks(items, chunk or _CHUNK):
            words = np.ascontiguousarray(gallery_words[:, part])
            _take_block(mine, words, cap, part.start, exclude[block], held, ids[block], found)
        if tell_distances:
            distances[block] = found

    run_blocks(work, count, threads, progress=progress)
    return HammingRanking(ids, distances)


def hamming_levels(
    query_words: np.ndarray,
    gallery_words: np.ndarray,
    bits: int,
    exclude: np.ndarray | None = None,
    distance_cap: int | None = None,
    threads: int | None = None,
) -> np.ndarray:
    """Number of items at each distance, int32 (Q, bits + 1); arguments as in `rank_hamming`."""
    count = query_words.shape[1]
    exclude = no_exclusion(count) if exclude is None else exclude
    cap = bits if distance_cap is None else distance_cap
    rows = np.ascontiguousarray(query_words.T)
    levels = np.empty((count, bits + 1), np.int32)

    def work(block: slice) -> None:
        _levels_block(rows[block], gallery_words, cap, exclude[block], levels[block])

    run_blocks(work, count, threads)
    return levels


@kernel
def hamming_distances(query: np.ndarray, words: np.ndarray, cap: int, out: np.ndarray) -> None:
    """Distances of one code uint64 (W,) to codes uint64 (W, N), at most `cap`, into uint16 (N,)."""
    first = query[0]
    for n in range(words.shape[1]):
        out[n] = popcount(words[0, n] ^ first)
    for w in range(1, words.shape[0]):
        word = query[w]
        for n in range(words.shape[1]):
            out[n] += popcount(words[w, n] ^ word)
    if cap < 64 * words.shape[0]:
        limit = np.uint16(cap)
        for n in range(words.shape[1]):
            out[n] = min(out[n], limit)


@kernel
def _take_block(
    queries: np.ndarray,
    words: np.ndarray,
    cap: int,
    start: int,
    exclude: np.ndarray,
    held: np.ndarray,
    ids: np.ndarray,
    distances: np.ndarray,
) -> None:
    """Let a chunk's codes, those from index `start` on, into each query's running list."""
    scan = np.empty(words.shape[1], np.uint16)
    for q in range(queries.shape[0]):
        hamming_distances(queries[q], words, cap, scan)
        held[q] = take_nearest(scan, start, exclude[q], cap, held[q], ids[q], distances[q])


@kernel
def _levels_block(queries: np.ndarray, words: np.ndarray, cap: int, exclude: np.ndarray, levels: np.ndarray) -> None:
    scan = np.empty(words.shape[1], np.uint16)
    for q in range(queries.shape[0]):
        hamming_distances(queries[q], words, cap, scan)
        count_levels(scan, exclude[q], levels[q])
