from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compiled import kernel
from core.search.eight_rows import ROWS, products_of_eight
from tests.core.search.worlds import quick
from tests.reference import inner_product


@kernel
def _products(query, gallery, ids, first, following, out):
    products_of_eight(query, gallery, ids, first, following, out)


def check(query, gallery, ids, first, following):
    out = np.full(len(ids), np.nan)
    _products(query.astype(np.float64), gallery, ids, first, following, out)
    expected = [inner_product(query, gallery[n]) for n in ids[first : first + ROWS]]
    assert out[first : first + ROWS].tolist() == expected
    assert np.isnan(out[:first]).all()  # nothing else is written
    assert np.isnan(out[first + ROWS :]).all()


@quick
@given(st.integers(0, 70), st.sampled_from([1e-40, 1.0, 1e18]), st.integers(0, 99), st.data())
def test_equals_the_sums_in_index_order(dimensions, scale, seed, data):
    rng = np.random.default_rng(seed)
    gallery = (rng.normal(size=(30, dimensions)) * scale).astype(np.float32)
    ids = rng.integers(0, 30, 25).astype(np.int32)  # some twice
    first, following = (data.draw(st.integers(0, len(ids) - ROWS)) for _ in range(2))
    check(rng.normal(size=dimensions).astype(np.float32), gallery, ids, first, following)


@pytest.mark.parametrize("dimensions", [1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 100])
def test_rows_that_stand_apart_and_sums_that_depend_on_the_order(dimensions):
    rng = np.random.default_rng(dimensions)
    gallery = (rng.normal(size=(60, dimensions)) * 10.0 ** rng.integers(-15, 15, (60, dimensions))).astype(np.float32)
    check(np.ones(dimensions, np.float32), gallery[::3], np.arange(20, dtype=np.int32)[::-1].copy(), 12, 12)
    check(-np.ones(dimensions, np.float32), gallery[:, ::-1][:, ::-1], np.zeros(8, np.int32), 0, 0)
