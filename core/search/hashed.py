"""Hashed search: a shortlist of the M items of nearest code, ranked again by exact similarity, cut to k."""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.products import gathered_products
from core.search.select import take_least


def rerank(
    queries: np.ndarray, gallery: np.ndarray, near: np.ndarray, k: int, threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The top `k` of each query's shortlist `near`, by (similarity descending, index ascending).

    `queries` float32 (Q, d) and `gallery` float32 (N, d) are embeddings as `core.bundle.vectors` rounds them; `near`
    int32 (Q, M) are the items of the nearest codes. Returns ids int32 and similarities float64 (Q, k).
    """
    ids = np.empty((len(queries), k), np.int32)
    similarities = np.empty((len(queries), k), np.float64)

    def work(block: slice) -> None:
        _rerank_block(queries[block], gallery, near[block], ids[block], similarities[block])

    run_blocks(work, len(queries), threads)
    return ids, similarities


@kernel
def rerank_one(query: np.ndarray, gallery: np.ndarray, near: np.ndarray, ids: np.ndarray, values: np.ndarray) -> None:
    """The most similar of `near` int32 (M,) into `ids` int32, their similarities into `values` float64, both (k,)."""
    keys = np.empty(near.shape[0], np.float64)
    gathered_products(query, gallery, near, keys)
    for i in range(keys.shape[0]):
        keys[i] = -keys[i]
    take_least(keys, near.copy(), values, ids)
    for rank in range(values.shape[0]):
        values[rank] = 0.0 - values[rank]  # not -0.0


@kernel
def _rerank_block(
    queries: np.ndarray, gallery: np.ndarray, near: np.ndarray, ids: np.ndarray, similarities: np.ndarray
) -> None:
    for q in range(queries.shape[0]):
        rerank_one(queries[q], gallery, near[q], ids[q], similarities[q])
