from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.search.rounding import longest_row, products_overflow, rounding_bounds
from tests.core.search.worlds import quick


def test_the_longest_row():
    gallery = np.array([[3, 4], [0, 1]], np.float32)
    assert longest_row(gallery) == pytest.approx(5, rel=1e-9)
    assert longest_row(gallery) >= 5


def test_the_longest_row_of_many():
    gallery = np.ones((70_000, 2), np.float32)
    gallery[69_999] = [5, 12]
    assert longest_row(gallery) == pytest.approx(13, rel=1e-9)


def test_products_that_could_overflow():
    queries = np.full((1, 2), 1e20, np.float32)
    assert products_overflow(queries, 1e18)
    assert not products_overflow(queries, 1e3)
    assert not products_overflow(queries[:0], 1e30)
    with pytest.raises(BadInput, match="normalise them"):
        rounding_bounds(queries, 1e18)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from([1e-40, 1e-20, 1.0, 1e10]))
def test_no_float32_product_is_off_by_more_than_the_bound(seed, dimensions, scale):
    rng = np.random.default_rng(seed)
    gallery = (scale * rng.normal(size=(20, dimensions))).astype(np.float32)
    query = rng.normal(size=(1, dimensions)).astype(np.float32)
    bound = rounding_bounds(query, longest_row(gallery))[0]
    sequential = np.zeros(20, np.float32)
    for j in range(dimensions):
        sequential += query[0, j] * gallery[:, j]
    right = gallery.astype(np.float64) @ query[0].astype(np.float64)
    assert np.abs(sequential - right).max() <= bound
    assert np.abs((query @ gallery.T)[0] - right).max() <= bound
