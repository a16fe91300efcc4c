"""Search by cells: items are ranked by how near their cell's centroid is to the query, all items of a cell alike.

An inverted file probed to its end (Jégou et al., "Product Quantization for Nearest Neighbor Search", PAMI 2011,
section IV). The distance of an item is the place, from 0, of its cell in the query's order of centroids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.compiled import kernel
from core.search.exact import inner_products, no_exclusion, to_columns
from core.search.parallel import run_blocks
from core.search.select import select_by_score
from core.search.select_distance import select_by_distance


class Centroids(NamedTuple):
    """Centroids as the scan reads them: columns float32 (d, K), half their squared lengths float64 (K,)."""

    columns: np.ndarray
    half_squares: np.ndarray


def prepare_centroids(centroids: np.ndarray) -> Centroids:
    """Centroids float32 (K, d) as `Centroids`."""
    return Centroids(to_columns(centroids), np.square(centroids.astype(np.float64)).sum(axis=1) / 2)


def rank_cells(
    queries: np.ndarray,
    centroids: Centroids,
    cells: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
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
def order_cells(
    query: np.ndarray,
    columns: np.ndarray,
    half_squares: np.ndarray,
    scores: np.ndarray,
    order: np.ndarray,
    values: np.ndarray,
    bin_of: np.ndarray,
    items: np.ndarray,
    keys: np.ndarray,
    places: np.ndarray,
) -> None:
    """`places` uint16 (K,) of the cells for one query float32 (d,); the rest is scratch as `select_by_score` has it."""
    inner_products(query, columns, scores)
    scores -= half_squares  # the squared distance is |q|^2 less twice this
    select_by_score(scores, -1, order, values, bin_of, items, keys)
    for place in range(order.shape[0]):
        places[order[place]] = place


@kernel
def cell_distances(places: np.ndarray, cells: np.ndarray, out: np.ndarray) -> None:
    """Distances uint16 (N,) of items in `cells` int32 (N,) from the places uint16 (K,) of the cells."""
    for n in range(cells.shape[0]):
        out[n] = places[cells[n]]


@kernel
def _places_block(queries: np.ndarray, columns: np.ndarray, half_squares: np.ndarray, places: np.ndarray) -> None:
    count = columns.shape[1]
    scores, values, keys = np.empty(count, np.float64), np.empty(count, np.float64), np.empty(count, np.float64)
    order, bin_of, items = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32)
    for q in range(queries.shape[0]):
        order_cells(queries[q], columns, half_squares, scores, order, values, bin_of, items, keys, places[q])


@kernel
def _nearest_block(X: np.ndarray, columns: np.ndarray, half_squares: np.ndarray, found: np.ndarray) -> None:
    scores = np.empty(columns.shape[1], np.float64)
    for row in range(X.shape[0]):
        inner_products(X[row], columns, scores)
        scores -= half_squares
        found[row] = np.argmax(scores)


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
    scan, levels = np.empty(cells.shape[0], np.uint16), np.empty(columns.shape[1], np.int32)
    places = np.empty((queries.shape[0], columns.shape[1]), np.uint16)
    _places_block(queries, columns, half_squares, places)
    for q in range(queries.shape[0]):
        cell_distances(places[q], cells, scan)
        select_by_distance(scan, exclude[q], ids[q], distances[q], levels)
