from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.intervals import Z95
from core.metrics.moments import band_of, block_moments
from tests.core.search.worlds import quick


def moments_of(sums, which, by_row, by_column):
    moments = np.full((len(which), 2, sums.shape[2]), np.nan)
    block_moments(sums, np.array(which), np.array(by_row), np.array(by_column), moments)
    return moments


def test_mean_and_squared_deviations_by_hand():
    sums = np.array([[[1.0, 10.0], [0.0, 8.0]], [[3.0, 14.0], [6.0, 8.0]]])  # two queries, two sums, two k
    # Of sum 1 the means are 3 and 8 and the squares 9 + 9 and 0; of sum 0 they are 2 and 12, 1 + 1 and 4 + 4.
    ones = np.ones((2, 2))
    assert moments_of(sums, [1, 0], ones, ones).tolist() == [[[3, 8], [18, 0]], [[2, 12], [2, 8]]]


def test_divisors_by_hand():
    """Over the smaller one of row's and column's: 4 / min(2, 1), 4 / min(2, 8), then 8 / min(4, 1), 8 / min(4, 8)."""
    sums = np.array([[[4.0, 4.0]], [[8.0, 8.0]]])
    moments = moments_of(sums, [0], [[1 / 2, 1 / 4]], [[1.0, 1 / 8]])
    assert moments.tolist() == [[[(4 + 8) / 2, (2 + 2) / 2], [2**2 + 2**2, 0]]]


def test_a_band_of_blocks_by_hand():
    # Blocks 1 3, 5 7 and 9: means 2, 6 and 9, squares 2, 2 and 0. All in all the mean is 5 and the squares 40.
    moments = np.array([[[2.0], [2.0]], [[6.0], [2.0]], [[9.0], [0.0]]])
    mean, low, high = band_of(moments, 5, 2)
    half = Z95 * (40 / 4 / 5) ** 0.5
    assert mean.tolist() == [5]
    assert (low[0], high[0]) == pytest.approx((5 - half, 5 + half), abs=1e-15)


def test_a_single_query_has_no_spread():
    assert [each.tolist() for each in band_of(np.array([[[0.3], [0.0]]]), 1, 64)] == [[0.3]] * 3


@quick
@given(st.integers(1, 70), st.integers(1, 5), st.integers(0, 2**31))
def test_a_block_is_its_mean_and_squares(count, columns, seed):
    rng = np.random.default_rng(seed)
    sums, which = 100 * rng.random((count, 4, columns)), [3, 0, 3]
    by_row, by_column = rng.random((3, count)), rng.random((3, columns))
    for m, (mean, squares) in enumerate(moments_of(sums, which, by_row, by_column)):
        values = sums[:, which[m]] * np.maximum(by_row[m][:, None], by_column[m])
        np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(squares, ((values - values.mean(axis=0)) ** 2).sum(axis=0), rtol=1e-9, atol=1e-10)
