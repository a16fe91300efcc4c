from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.search.cells import cell_places, centroid_keys, nearest_cells, order_cells, prepare_centroids, rank_cells
from tests.core.search.worlds import quick


def test_by_hand():
    # Centroids at 0, 10, 4 and 0 again: a query at 3 goes to the third, then to the equal ones in their order.
    centroids = prepare_centroids(np.array([[0], [10], [4], [0]], np.float32))
    query = np.array([[3.0]], np.float32)
    assert cell_places(query, centroids).tolist() == [[1, 3, 0, 2]]
    cells = np.array([1, 0, 2, 3, 2, 0], np.int32)
    ids, distances = rank_cells(query, centroids, cells, 6)
    assert ids.tolist() == [[2, 4, 1, 5, 3, 0]]
    assert distances.tolist() == [[0, 0, 1, 1, 2, 3]]
    assert rank_cells(query, centroids, cells, 3, np.array([2]))[0].tolist() == [[4, 1, 5]]


def test_keys_and_order_by_hand():
    # Squares 25, 2 and 0, so half of them less the products 3 + 8, 3 and 0 with the query (1, 2).
    centroids, query = prepare_centroids(np.array([[3, 4], [1, 1], [0, 0]], np.float32)), np.array([1, 2], np.float32)
    keys, places = np.empty(3), np.empty(3, np.uint16)
    centroid_keys(query, *centroids, keys)
    assert keys.tolist() == [12.5 - 11, 1 - 3, 0]
    order_cells(query, *centroids, places)
    assert places.tolist() == [2, 0, 1]


def test_nearest_by_hand():
    centroids = prepare_centroids(np.array([[0, 0], [2, 0], [0, 2]], np.float32))
    X = np.array([[1, 0], [0.9, 1.5], [5, 0.1], [-1, -1]], np.float32)
    assert nearest_cells(X, centroids).tolist() == [0, 2, 1, 0]


@st.composite
def cell_worlds(draw):
    """Whole numbers, so that plain sums are exact and many distances tie."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    q, n, k, d = (draw(st.integers(1, most)) for most in (7, 40, 30, 9))
    queries, centroids = (rng.integers(-3, 4, (rows, d)).astype(np.float32) for rows in (q, k))
    exclude = rng.integers(0, n, q) if n > 1 and draw(st.booleans()) else np.full(q, -1)
    return queries, centroids, rng.integers(0, k, n).astype(np.int32), exclude.astype(np.int64), draw(st.integers(1, 3))


@quick
@given(cell_worlds())
def test_equals_the_loops(world):
    queries, centroids, cells, exclude, threads = world
    left = len(cells) - int((exclude >= 0).any())
    prepared = prepare_centroids(centroids)
    ids, distances = rank_cells(queries, prepared, cells, left, exclude, threads)
    places = cell_places(queries, prepared, threads)
    for q, query in enumerate(queries):
        apart = [sum((float(a) - float(b)) ** 2 for a, b in zip(query, c, strict=True)) for c in centroids]
        order = sorted(range(len(centroids)), key=lambda c: (apart[c], c))
        place = {cell: rank for rank, cell in enumerate(order)}
        assert places[q].tolist() == [place[c] for c in range(len(centroids))]
        ranked = sorted((place[cell], n) for n, cell in enumerate(cells) if n != exclude[q])
        assert ids[q].tolist() == [n for _, n in ranked]
        assert distances[q].tolist() == [rank for rank, _ in ranked]
    nearest = nearest_cells(queries, prepared, threads)
    assert nearest.tolist() == [int(row.argmin()) for row in places]


@quick
@given(cell_worlds())
def test_a_shallow_ranking_is_the_beginning_of_a_deep_one(world):
    queries, centroids, cells, exclude, threads = world
    left = len(cells) - int((exclude >= 0).any())
    prepared, depth = prepare_centroids(centroids), (left + 1) // 2
    whole, shallow = (rank_cells(queries, prepared, cells, rows, exclude, threads) for rows in (left, depth))
    for part, all_of_it in zip(shallow, whole, strict=True):
        assert np.array_equal(part, all_of_it[:, :depth])


def test_more_cells_than_a_byte_counts():
    centroids = np.arange(4096, dtype=np.float32)[:, None]
    found = rank_cells(np.array([[0.0]], np.float32), prepare_centroids(centroids), np.array([4095, 17], np.int32), 2)
    assert found[1].tolist() == [[17, 4095]]
