"""Hashed search: a shortlist of the M items of nearest code, ranked again by exact similarity, cut to k."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.search.eight_rows import ROWS, products_of_eight
from core.search.order import order_by_similarity
from core.search.parallel import run_blocks
from core.search.prefetch import prefetch_row


def rerank(
    queries: np.ndarray, gallery: np.ndarray, near: np.ndarray, k: int, threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The top `k` of each query's shortlist `near`, by (similarity descending, index ascending).

    `queries` float32 (Q, d) and `gallery` float32 (N, d) are embeddings of any length; `near` int32 (Q, M) are the
    items of the nearest codes. Returns ids int32 and similarities float64 (Q, k).
    """
    ids = np.empty((len(queries), k), np.int32)
    similarities = np.empty((len(queries), k), np.float64)

    def work(block: slice) -> None:
        _rerank_block(queries[block], gallery, near[block], ids[block], similarities[block])

    run_blocks(work, len(queries), threads)
    return ids, similarities


@kernel
def gathered_products(query: np.ndarray, gallery: np.ndarray, ids: np.ndarray, out: np.ndarray) -> None:
    """Inner products of one query with the gallery rows `ids`, summed as in exact search, bit for bit."""
    dimensions, count = query.shape[0], ids.shape[0]
    n = 0
    if count >= ROWS and gallery.strides[1] == gallery.itemsize:
        wide = query.astype(np.float64)
        for i in range(ROWS):
            prefetch_row(gallery, ids[i])
        while n + ROWS <= count:
            products_of_eight(wide, gallery, ids, n, min(n + ROWS, count - ROWS), out)
            n += ROWS
    while n < count:
        total = 0.0
        for j in range(dimensions):
            total += np.float64(query[j]) * gallery[ids[n], j]
        out[n] = total
        n += 1


@kernel
def rerank_one(
    query: np.ndarray, gallery: np.ndarray, near: np.ndarray, products: np.ndarray, ids: np.ndarray, values: np.ndarray
) -> None:
    """The most similar of `near` (M,) into `ids` int32 and their similarities into `values` float64, both (k,).

    `products` float64 (M,) is scratch.
    """
    gathered_products(query, gallery, near, products)
    order = order_by_similarity(products, near, ids.shape[0])
    for rank in range(ids.shape[0]):
        ids[rank] = near[order[rank]]
        values[rank] = products[order[rank]]


@kernel
def _rerank_block(
    queries: np.ndarray, gallery: np.ndarray, near: np.ndarray, ids: np.ndarray, similarities: np.ndarray
) -> None:
    products = np.empty(near.shape[1], np.float64)
    for q in range(queries.shape[0]):
        rerank_one(queries[q], gallery, near[q], products, ids[q], similarities[q])
