"""Search by cells: items are ranked by how near their cell's centroid is to the query, all items of a cell alike.

An inverted file probed to its end (Jégou et al., "Product Quantization for Nearest Neighbor Search", PAMI 2011,
section IV). The distance of an item is the place, from 0, of its cell in the query's order of centroids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.door import no_exclusion
from core.search.nearest import take_nearest
from core.search.select import select_least


class Centroids(NamedTuple):
    """Centroids as the scan reads them: columns float32 (d, K), half their squared lengths float64 (K,)."""

    columns: np.ndarray
    half_squares: np.ndarray


def prepare_centroids(centroids: np.ndarray) -> Centroids:
    """Centroids float32 (K, d) as `Centroids`."""
    half_squares = np.square(centroids.astype(np.float64)).sum(axis=1) / 2
    return Centroids(np.ascontiguousarray(centroids.T, np.float32), half_squares)


def rank_cells(
    queries: np.ndarray,
    centroids: Centroids,
    cells: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The first `depth` items of each query, ordered by (place of the cell ascending, index ascending).

    `queries` float32 (Q, d); `cells` int32 (N,), the cell of each item; `exclude` as in exact search. Of centroids
    at the same distance the one of lower index comes first. Returns ids int32 and places uint16 (Q, depth).
    """
    exclude = no_exclusion(len(queries)) if exclude is None else exclude
    ids = np.empty((len(queries), depth), np.int32)
    distances = np.empty((len(queries), depth), np.uint16)

    def work(block: slice) -> None:
        _rank_block(queries[block], *centroids, cells, exclude[block], ids[block], distances[block])

    run_blocks(work, len(queries), threads, progress=progress)
    return ids, distances


def cell_places(queries: np.ndarray, centroids: Centroids, threads: int | None = None) -> np.ndarray:
    """The place, from 0, of every cell in each query's order: uint16 (Q, K)."""
    places = np.empty((len(queries), len(centroids.half_squares)), np.uint16)
    run_blocks(lambda block: _places_block(queries[block], *centroids, places[block]), len(queries), threads)
    return places


def nearest_cells(X: np.ndarray, centroids: Centroids, threads: int | None = None) -> np.ndarray:
    """The cell of each row of features float32 (N, d), int32 (N,): its nearest centroid, of equals the first."""
    found = np.empty(len(X), np.int32)
    run_blocks(lambda block: _nearest_block(X[block], *centroids, found[block]), len(X), threads)
    return found


@kernel
def centroid_keys(query: np.ndarray, columns: np.ndarray, half_squares: np.ndarray, out: np.ndarray) -> None:
    """Half the squared distance of one query float32 (d,) to each centroid, less half the query's own square, float64
    (K,); products are added in index order."""
    out[:] = 0.0
    for j in range(columns.shape[0]):
        value = np.float64(query[j])
        for c in range(columns.shape[1]):
            out[c] += value * np.float64(columns[j, c])
    for c in range(columns.shape[1]):
        out[c] = half_squares[c] - out[c]


@kernel
def order_cells(query: np.ndarray, columns: np.ndarray, half_squares: np.ndarray, places: np.ndarray) -> None:
    """`places` uint16 (K,) of the cells for one query float32 (d,)."""
    keys, values = np.empty(places.shape[0], np.float64), np.empty(places.shape[0], np.float64)
    order = np.empty(places.shape[0], np.int32)
    centroid_keys(query, columns, half_squares, keys)
    select_least(keys, -1, order, values)
    for place in range(order.shape[0]):
        places[order[place]] = place


@kernel
def cell_distances(places: np.ndarray, cells: np.ndarray, out: np.ndarray) -> None:
    """Distances uint16 (N,) of items in `cells` int32 (N,) from the places uint16 (K,) of the cells."""
    for n in range(cells.shape[0]):
        out[n] = places[cells[n]]


@kernel
def _places_block(queries: np.ndarray, columns: np.ndarray, half_squares: np.ndarray, places: np.ndarray) -> None:
    for q in range(queries.shape[0]):
        order_cells(queries[q], columns, half_squares, places[q])


@kernel
def _nearest_block(X: np.ndarray, columns: np.ndarray, half_squares: np.ndarray, found: np.ndarray) -> None:
    keys = np.empty(columns.shape[1], np.float64)
    for row in range(X.shape[0]):
        centroid_keys(X[row], columns, half_squares, keys)
        found[row] = np.argmin(keys)


@kernel
def _rank_block(
    queries: np.ndarray,
    columns: np.ndarray,
    half_squares: np.ndarray,
    cells: np.ndarray,
    exclude: np.ndarray,
    ids: np.ndarray,
    distances: np.ndarray,
) -> None:
    scan, places = np.empty(cells.shape[0], np.uint16), np.empty(columns.shape[1], np.uint16)
    for q in range(queries.shape[0]):
        order_cells(queries[q], columns, half_squares, places)
        cell_distances(places, cells, scan)
        take_nearest(scan, 0, exclude[q], columns.shape[1] - 1, 0, ids[q], distances[q])
