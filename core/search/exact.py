"""Exact search: rank the gallery by inner product with the query, keep the top k.

A similarity is the float64 inner product summed in index order. The product of two float32 numbers is exact in
float64, so neither fused instructions nor blocks, threads or engines can change a bit of it. Rows may be of any
length: of unit rows it is the cosine.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.compiled import kernel
from core.search.parallel import run_blocks
from core.search.select import select_by_score

_COLUMNS = 2048  # gallery items whose running sums stay in the first-level cache


def to_columns(gallery: np.ndarray) -> np.ndarray:
    """float32 (N, d) to (d, N), C-contiguous: the layout that the exact scan reads."""
    return np.ascontiguousarray(np.asarray(gallery, dtype=np.float32).T)


def rank_exact(
    queries: np.ndarray,
    columns: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` most similar gallery items of each query.

    `queries` float32 (Q, d); `columns` float32 (d, N) from `to_columns`; `exclude` int64 (Q,), the gallery
    index left out for each query, -1 for none. Returns ids int32 (Q, depth) and similarities float64
    (Q, depth), ordered by (similarity descending, index ascending).
    """
    exclude = no_exclusion(len(queries)) if exclude is None else exclude
    ids = np.empty((len(queries), depth), np.int32)
    similarities = np.empty((len(queries), depth), np.float64)

    def work(block: slice) -> None:
        _rank_block(queries[block], columns, exclude[block], ids[block], similarities[block])

    run_blocks(work, len(queries), threads, progress=progress)
    return ids, similarities


def no_exclusion(count: int) -> np.ndarray:
    """The `exclude` of queries that leave nothing out: int64 (count,) of -1."""
    return np.full(count, -1, np.int64)


@kernel
def inner_products(query: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
    """out[n] = sum over j, in order, of query[j] * columns[j, n], in float64."""
    dimensions, count = columns.shape
    for start in range(0, count, _COLUMNS):
        # Slices, since a loop from 0 over a slice is one that the compiler turns into vector instructions.
        end = min(start + _COLUMNS, count)
        sums = out[start:end]
        sums[:] = 0.0
        j = 0
        while j + 4 <= dimensions:  # four terms a pass over the running sums, added in order
            a, b = np.float64(query[j]), np.float64(query[j + 1])
            c, d = np.float64(query[j + 2]), np.float64(query[j + 3])
            first, second = columns[j, start:end], columns[j + 1, start:end]
            third, fourth = columns[j + 2, start:end], columns[j + 3, start:end]
            for n in range(sums.shape[0]):
                total = sums[n] + a * first[n]
                total = total + b * second[n]
                total = total + c * third[n]
                sums[n] = total + d * fourth[n]
            j += 4
        while j < dimensions:
            a = np.float64(query[j])
            first = columns[j, start:end]
            for n in range(sums.shape[0]):
                sums[n] += a * first[n]
            j += 1


@kernel
def _rank_block(
    queries: np.ndarray, columns: np.ndarray, exclude: np.ndarray, ids: np.ndarray, similarities: np.ndarray
) -> None:
    count = columns.shape[1]
    scores = np.empty(count, np.float64)
    bin_of = np.empty(count, np.int32)
    items = np.empty(count, np.int32)
    keys = np.empty(count, np.float64)
    for q in range(queries.shape[0]):
        inner_products(queries[q], columns, scores)
        select_by_score(scores, exclude[q], ids[q], similarities[q], bin_of, items, keys)
