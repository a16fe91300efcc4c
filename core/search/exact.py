"""Exact search: rank the gallery by inner product with the query, keep the top k.

Embeddings are rounded on load so that an inner product in float64 is exact (`core.bundle.vectors`). BLAS makes the
products in float32 first, which rounds, but by no more than a known bound: whatever could be among the top k is kept,
and its exact product decides. A gallery too large for all its products goes chunk by chunk, with a running list of the
best.
Neither BLAS, blocks, chunks nor threads change a result. Of unit rows the product is the cosine.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.runtime.blas import blas_threads
from core.runtime.compiled import kernel
from core.runtime.parallel import blocks, run_blocks
from core.search.door import no_exclusion
from core.search.products import gathered_products
from core.search.rounding import longest_row, products_overflow, rounding_bounds
from core.search.select import SPARE, count_up_to, enough, find_up_to, limit_of_keys, take_least

_QUERIES = 32  # of a block: enough for BLAS, and few enough that their products with 10,000 items stay in the cache
_MANY = 256  # of a block where the gallery takes several chunks: each block reads all of it
_PRODUCTS = 2_000_000  # made at a time by a thread
_SHARE = 4  # deeper than this part of the gallery nearly all is a candidate: float64 products from the start


def rank_exact(
    queries: np.ndarray,
    gallery: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
    chunk: int | None = None,
    longest: float | None = None,
    progress: Callable[[float], object] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` most similar gallery items of each query.

    `queries` float32 (Q, d); `gallery` float32 (N, d), perhaps a memory map; both as `core.bundle.vectors` rounds them.
    `exclude` int64 (Q,) is the gallery index left out for each query, -1 for none; `chunk` the number of items whose
    products are made at a time; `longest` a bound on the length of the gallery's rows (None: they are all read).
    Returns ids int32 and similarities float64 (Q, depth), ordered by (similarity descending, index ascending).
    """
    gallery = np.asarray(gallery)  # a kernel does not know a memory map by its own type
    exclude = no_exclusion(len(queries)) if exclude is None else exclude
    longest = longest_row(gallery) if longest is None else longest
    kind, bounds, reach = precision_of(queries, longest, _SHARE * depth > len(gallery))
    ids = np.empty((len(queries), depth), np.int32)
    similarities = np.empty((len(queries), depth), np.float64)

    def work(block: slice) -> None:
        asked = np.ascontiguousarray(queries[block])
        negative, held = -asked.astype(kind), np.zeros(len(asked), np.int64)
        for part in blocks(len(gallery), chunk or max(1, _PRODUCTS // len(asked))):
            items = gallery[part]
            keys = np.matmul(negative, items.astype(kind, copy=False).T)
            take_block(
                asked, items, keys, part.start, exclude[block], bounds[block], reach[block], held, ids[block],
                similarities[block],
            )  # fmt: skip

    size = _MANY if len(gallery) > _PRODUCTS // _QUERIES else _QUERIES
    with blas_threads(1):  # blocks of queries have the cores
        run_blocks(work, len(queries), threads, size, progress)
    return ids, similarities


def precision_of(queries: np.ndarray, longest: float, deep: bool) -> tuple[type[np.floating], np.ndarray, np.ndarray]:
    """What products of these queries with rows of at most that length are made in, float32 or float64; what they can be
    off by, and the largest they can be, float64 (Q,) both. For `deep` rankings float64, which is exact."""
    reach = longest * np.linalg.norm(queries.astype(np.float64), axis=1)
    if deep or products_overflow(queries, longest):
        return np.float64, np.zeros(len(queries)), reach
    return np.float32, rounding_bounds(queries, longest), reach


@kernel
def take_block(
    queries: np.ndarray,
    items: np.ndarray,
    keys: np.ndarray,
    start: int,
    exclude: np.ndarray,
    bounds: np.ndarray,
    reach: np.ndarray,
    held: np.ndarray,
    ids: np.ndarray,
    similarities: np.ndarray,
) -> None:
    """Let a chunk's items, those from index `start` on, into each query's running list of the best.

    `keys` (Q, n) are the negative products, off by at most `bounds` and no larger than `reach`, float64 (Q,) both; the
    first held[q] places of a list are filled.
    """
    depth, count = ids.shape[1], items.shape[0]
    found = np.empty(count + SPARE, np.int32)
    for q in range(queries.shape[0]):
        # An item of the top has a product at most two bounds below one that is known to be large enough; a third is
        # for the rounding of the limit itself.
        slack = 3 * bounds[q]
        limit = slack - similarities[q, depth - 1] if held[q] == depth else reach[q] + slack
        wanted = depth + (start <= exclude[q] < start + count)
        if wanted <= count and count_up_to(keys[q], keys.dtype.type(limit)) > enough(wanted):
            limit = min(limit, limit_of_keys(keys[q], -reach[q] - slack, reach[q] + slack, wanted) + slack)
        few = found[: find_up_to(keys[q], keys.dtype.type(limit), found)]
        held[q] = _merge(queries[q], items, few, start, exclude[q], held[q], ids[q], similarities[q])


@kernel
def _merge(
    query: np.ndarray,
    items: np.ndarray,
    few: np.ndarray,
    start: int,
    exclude: int,
    held: int,
    ids: np.ndarray,
    similarities: np.ndarray,
) -> int:
    """Merge the candidates `few` of a chunk, by their exact products, into a list; how many it then holds."""
    if few.shape[0] == 0:
        return held
    keys, names = np.empty(held + few.shape[0], np.float64), np.empty(held + few.shape[0], np.int32)
    gathered_products(query, items, few, keys[held:])
    for i in range(held):
        keys[i], names[i] = -similarities[i], ids[i]
    total = held
    for i in range(held, keys.shape[0]):
        if start + few[i - held] != exclude:
            keys[total], names[total] = 0.0 - keys[i], start + few[i - held]
            total += 1
    held = min(total, ids.shape[0])
    if held:
        take_least(keys[:total], names[:total], similarities[:held], ids[:held])
    for i in range(held):
        similarities[i] = 0.0 - similarities[i]  # not -0.0
    return held
