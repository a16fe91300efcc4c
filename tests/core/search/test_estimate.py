from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hashing import packing
from core.search.estimate import SignedItems, rank_estimate
from tests.core.search.worlds import quick


def items(signs, squares, factors):
    columns = np.ascontiguousarray(packing.pack(np.array(signs) > 0).T)
    return SignedItems(columns, np.array(squares, np.float32), np.array(factors, np.float32))


def test_by_hand():
    # Residuals (3, 1) and (-2, -2): the first's <q, r> for q = (1, 2) is estimated as 10 / 4 * (1 + 2) = 7.5.
    held = items([[1, 1], [-1, -1]], [10, 8], [10 / 4, 8 / 4])
    ids, distances = rank_estimate(np.array([[1, 2]], np.float32), held, 2)
    assert ids.tolist() == [[0, 1]]
    assert distances[0].tolist() == [10 + 5 - 2 * 7.5, 8 + 5 + 2 * 6]
    assert rank_estimate(np.array([[1, 2]], np.float32), held, 1, np.array([0]))[0].tolist() == [[1]]


def test_a_query_along_the_signs_is_exact():
    # Where an item's entries are all of one size, the estimate is the distance itself.
    residuals = np.where(np.random.default_rng(0).random((20, 16)) < 0.5, -1.5, 1.5).astype(np.float32)
    held = items(residuals, np.full(20, 36.0), np.full(20, 1.5))
    query = np.random.default_rng(1).normal(size=(1, 16)).astype(np.float32)
    ids, distances = rank_estimate(query, held, 20)
    assert distances[0] == pytest.approx(((query - residuals[ids[0]]) ** 2).sum(axis=1), rel=1e-5)


@quick
@given(
    st.integers(1, 7),
    st.integers(2, 40),
    st.integers(1, 20),
    st.booleans(),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)
def test_equals_the_loops(q, n, d, left_out, threads, seed):
    """Quarters add up without rounding, so that ties are exact."""
    rng = np.random.default_rng(seed)
    queries = (rng.integers(-4, 5, (q, d)) / 4).astype(np.float32)
    signs = np.where(rng.random((n, d)) < 0.5, -1.0, 1.0)
    squares, factors = rng.integers(0, 4, n).astype(np.float32), rng.integers(0, 3, n).astype(np.float32)
    exclude = rng.integers(0, n, q) if left_out else np.full(q, -1)
    ids, distances = rank_estimate(queries, items(signs, squares, factors), n - left_out, exclude, threads)
    for row, query in enumerate(queries.astype(np.float64)):
        apart = squares + (query**2).sum() - 2 * factors * (signs @ query)
        expected = sorted((apart[i], i) for i in range(n) if i != exclude[row])
        assert ids[row].tolist() == [i for _, i in expected]
        assert distances[row].tolist() == [value for value, _ in expected]
