"""Exact search over a gallery too large to be copied: chunk by chunk, with a running top k in the fixed tie order.

BLAS makes the inner products of a chunk in float32. That rounds, but by no more than a known bound, so whatever
could be among the top k is kept, and its float64 inner product, summed in index order, decides. The result is that of
`core.search.exact.rank_exact` bit for bit, whatever the chunk; memory holds one chunk's scores.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.compiled import kernel
from core.search.exact import no_exclusion
from core.search.hashed import gathered_products
from core.search.parallel import blocks, run_blocks
from core.search.rounding import longest_row, rounding_bounds

_QUERIES = 1024  # queries that share one reading of the gallery
_SCORES = 4_000_000  # float32 scores made at once (16 MB)
_CHUNKS = (2048, 65_536)  # fewest and most items a chunk has unless it is given
_STRETCH = 64  # scores whose largest is compared first


def rank_exact_chunked(
    queries: np.ndarray,
    gallery: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    chunk: int | None = None,
    threads: int | None = None,
    longest: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` most similar gallery items of each query, as `rank_exact` gives them.

    `queries` float32 (Q, d); `gallery` float32 (N, d), which may be a memory map; `exclude` as in `rank_exact`; `chunk`
    the items scored at a time; `longest` a bound on the length of the gallery's rows (None: found by reading them all).
    The products use the threads that BLAS has, the rest `threads`. Returns ids int32 and similarities float64
    (Q, depth). Raises BadInput where float32 products could overflow.
    """
    gallery = np.asarray(gallery)  # a kernel does not know a memory map by its own type
    count = len(gallery)
    exclude = no_exclusion(len(queries)) if exclude is None else exclude
    reach = longest_row(gallery) if longest is None else longest
    slack = 2 * rounding_bounds(queries, reach)  # room for the rounding of a threshold
    ids = np.empty((len(queries), depth), np.int32)
    similarities = np.empty((len(queries), depth), np.float64)
    for rows in blocks(len(queries), _QUERIES):
        asked = np.ascontiguousarray(queries[rows])
        size = chunk or min(max(_SCORES // len(asked), _CHUNKS[0]), _CHUNKS[1])
        scores = np.empty((len(asked), min(size, count)), np.float32)
        kept = np.zeros(len(asked), np.int64)
        mine = (exclude[rows], slack[rows], kept, ids[rows], similarities[rows])
        for part in blocks(count, size):
            items = gallery[part]
            if len(items) < scores.shape[1]:
                scores = np.empty((len(asked), len(items)), np.float32)
            np.matmul(asked, items.T, out=scores)
            _take(asked, items, scores, part.start, mine, threads)
            if progress:
                progress((rows.start + len(asked) * part.stop / count) / len(queries))
    return ids, similarities


def _take(
    queries: np.ndarray, items: np.ndarray, scores: np.ndarray, start: int, mine: tuple, threads: int | None
) -> None:
    exclude, slack, kept, ids, similarities = mine

    def work(block: slice) -> None:
        _take_block(
            queries[block], items, scores[block], start, exclude[block], slack[block], kept[block], ids[block],
            similarities[block],
        )  # fmt: skip

    run_blocks(work, len(queries), threads)


@kernel
def _take_block(
    queries: np.ndarray,
    items: np.ndarray,
    scores: np.ndarray,
    start: int,
    exclude: np.ndarray,
    slack: np.ndarray,
    kept: np.ndarray,
    ids: np.ndarray,
    similarities: np.ndarray,
) -> None:
    """Let a chunk's items, from gallery place `start` on, into the running top k of each query."""
    depth = ids.shape[1]
    places = np.empty(items.shape[0], np.int32)
    products = np.empty(items.shape[0], np.float64)
    for q in range(queries.shape[0]):
        floor = -np.inf
        if kept[q] == depth:
            floor = similarities[q, depth - 1] - slack[q]
        found = _at_least(scores[q], floor, exclude[q] - start, places)
        if found > 2 * depth:
            found = _cut(scores[q], places, found, depth, 2 * slack[q])
        gathered_products(queries[q], items, places[:found], products[:found])
        for i in range(found):
            kept[q] = _insert(ids[q], similarities[q], kept[q], start + places[i], products[i])


@kernel
def _at_least(scores: np.ndarray, floor: float, own: int, places: np.ndarray) -> int:
    """Places of the scores from `floor` up but for `own`, ascending, into `places`; how many there are."""
    least = np.float32(floor)
    found = 0
    for first in range(0, scores.shape[0], _STRETCH):
        stretch = scores[first : first + _STRETCH]
        high = stretch[0]
        for i in range(stretch.shape[0]):
            high = max(high, stretch[i])
        if high >= least:
            for i in range(stretch.shape[0]):
                if stretch[i] >= least and first + i != own:
                    places[found] = first + i
                    found += 1
    return found


@kernel
def _cut(scores: np.ndarray, places: np.ndarray, found: int, depth: int, band: float) -> int:
    """Keep of the first `found` places those whose score is not further than `band` below the depth-th largest."""
    values = np.empty(found, np.float32)
    for i in range(found):
        values[i] = scores[places[i]]
    floor = np.float64(np.partition(values, found - depth)[found - depth]) - band
    left = 0
    for i in range(found):
        if np.float64(values[i]) >= floor:
            places[left] = places[i]
            left += 1
    return left


@kernel
def _insert(ids: np.ndarray, similarities: np.ndarray, kept: int, item: int, value: float) -> int:
    """Put an item into a list sorted by descending similarity, after its equals; how many the list then holds.

    Items come in index order, which settles ties; one that does not fit is dropped.
    """
    depth = ids.shape[0]
    if kept == depth and value <= similarities[depth - 1]:
        return kept
    place = min(kept, depth - 1)
    while place > 0 and similarities[place - 1] < value:
        ids[place] = ids[place - 1]
        similarities[place] = similarities[place - 1]
        place -= 1
    ids[place] = item
    similarities[place] = value
    return min(kept + 1, depth)
