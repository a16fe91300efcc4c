"""Search by look-up tables: the distance of an item is a sum of entries, one a part of its code.

Asymmetric distance computation of Jégou, Douze & Schmid, "Product Quantization for Nearest Neighbor Search", PAMI
2011: the query keeps its real values, and the squared distance to what an item's code stands for is added up from a
table of the squared distances of each part of the query to each centroid of that part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.door import no_exclusion
from core.search.select import select_least


class Codebook(NamedTuple):
    """Centroids of the parts that features are cut into.

    `values` float32 (d, K): row j holds coordinate j of the K centroids of its part; part m has the coordinates from
    `starts[m]` to before `starts[m + 1]`, int64 (M + 1,).
    """

    values: np.ndarray
    starts: np.ndarray


def rank_lookup(
    queries: np.ndarray,
    codebook: Codebook,
    parts: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` items of least distance to each query, by (distance ascending, index ascending).

    `queries` float32 (Q, d); `parts` uint8 (M, N), the centroid of each part of each item; `exclude` as in exact
    search. Returns ids int32 and squared distances float64 (Q, depth), summed in a fixed order.
    """
    exclude = no_exclusion(len(queries)) if exclude is None else exclude
    ids = np.empty((len(queries), depth), np.int32)
    distances = np.empty((len(queries), depth), np.float64)

    def work(block: slice) -> None:
        _rank_block(queries[block], *codebook, parts, exclude[block], ids[block], distances[block])

    run_blocks(work, len(queries), threads, progress=progress)
    return ids, distances


def nearest_parts(X: np.ndarray, codebook: Codebook, threads: int | None = None) -> np.ndarray:
    """The nearest centroid of each part of features float32 (N, d), uint8 (N, M); of equals the first."""
    found = np.empty((len(X), len(codebook.starts) - 1), np.uint8)
    run_blocks(lambda block: _nearest_block(X[block], *codebook, found[block]), len(X), threads)
    return found


@kernel
def fill_table(query: np.ndarray, values: np.ndarray, starts: np.ndarray, table: np.ndarray) -> None:
    """table[m, c] = squared distance of part m of the query float32 (d,) to its centroid c, float64 (M, K)."""
    table[:] = 0.0
    for m in range(table.shape[0]):
        for j in range(starts[m], starts[m + 1]):
            value = np.float64(query[j])
            for c in range(table.shape[1]):
                difference = value - np.float64(values[j, c])
                table[m, c] += difference * difference


@kernel
def lookup_distances(table: np.ndarray, parts: np.ndarray, out: np.ndarray) -> None:
    """Distances float64 (N,) of codes uint8 (M, N) by a table float64 (M, K), added part by part."""
    out[:] = 0.0
    for m in range(parts.shape[0]):
        for n in range(parts.shape[1]):
            out[n] += table[m, parts[m, n]]


@kernel
def _nearest_block(X: np.ndarray, values: np.ndarray, starts: np.ndarray, found: np.ndarray) -> None:
    table = np.empty((starts.shape[0] - 1, values.shape[1]), np.float64)
    for row in range(X.shape[0]):
        fill_table(X[row], values, starts, table)
        for m in range(table.shape[0]):
            found[row, m] = np.argmin(table[m])


@kernel
def _rank_block(
    queries: np.ndarray,
    values: np.ndarray,
    starts: np.ndarray,
    parts: np.ndarray,
    exclude: np.ndarray,
    ids: np.ndarray,
    distances: np.ndarray,
) -> None:
    count = parts.shape[1]
    table = np.empty((parts.shape[0], values.shape[1]), np.float64)
    scan = np.empty(count, np.float64)
    for q in range(queries.shape[0]):
        fill_table(queries[q], values, starts, table)
        lookup_distances(table, parts, scan)
        select_least(scan, exclude[q], ids[q], distances[q])
