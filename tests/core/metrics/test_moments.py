from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.moments import Moments, add_moments, finish_moments
from core.search.parallel import BLOCK
from tests.core.search.worlds import quick

DTYPES = [np.float32, np.float64, np.int32]


def test_what_is_no_whole_block_is_refused():
    moments = Moments(np.ones(300), np.ones(2))
    for rows in (slice(1, 129), slice(0, 127), slice(128, 300), slice(256, 301)):
        with pytest.raises(ValueError, match="no whole block"):
            moments.add(rows, np.zeros((rows.stop - rows.start, 2)))
    moments.add(slice(256, 300), np.zeros((44, 2)))


def test_divisors_by_hand():
    """The smaller one of row's and column's: 4 / min(2, 1), 4 / min(2, 8), then 9 / min(3, 1), 9 / min(3, 8)."""
    moments = Moments(np.array([2.0, 3.0]), np.array([1.0, 8.0]))
    moments.add(slice(0, 2), np.array([[4.0, 4.0], [9.0, 9.0]]))
    assert moments.band()[0].tolist() == [(4 + 9) / 2, (2 + 3) / 2]


def test_blocks_may_come_in_any_order():
    values = np.random.default_rng(0).random((2 * BLOCK + 5, 3))
    parts = [slice(0, BLOCK), slice(BLOCK, 2 * BLOCK), slice(2 * BLOCK, 2 * BLOCK + 5)]
    bands = []
    for order in (parts, parts[::-1]):
        moments = Moments(np.ones(len(values)), np.ones(3))
        for rows in order:
            moments.add(rows, values[rows])
        bands.append(moments.band())
    assert np.array_equal(*bands)
    np.testing.assert_allclose(bands[0][0], values.mean(axis=0), rtol=1e-14)


@quick
@given(
    st.integers(1, 40), st.integers(1, 5), st.integers(0, 2**31), st.sampled_from([np.float32, np.float64, np.int32])
)
def test_a_block_in_pieces_is_its_mean_and_squares(count, columns, seed, dtype):
    rng = np.random.default_rng(seed)
    totals = (100 * rng.random((count + 3, columns))).astype(dtype)  # more rows than count
    by_row, by_column = rng.random(count), rng.random(columns)
    first, moments = np.full(columns, np.nan), np.full((2, columns), np.nan)
    cut = int(rng.integers(0, count)) if count > 1 else 0
    for start, end in ((0, cut), (cut, count)) if cut else ((0, count),):
        add_moments(totals[start:], end - start, by_row[start:end], by_column, first, moments, start == 0)
    finish_moments(count, first, moments)
    values = totals[:count] * np.maximum(by_row[:, None], by_column)
    np.testing.assert_allclose(moments[0], values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments[1], ((values - values.mean(axis=0)) ** 2).sum(axis=0), rtol=1e-9, atol=1e-10)
