from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.metrics.accumulate import ROWS
from core.metrics.bands import Averages, normal_band, weighted_band
from core.metrics.registry import METRICS
from core.metrics.sums import SUMS, Accumulated

COMPUTED = [metric.compute for metric in METRICS.values() if metric.compute]


def sums_of(queries, columns, seed):
    """Sums as a ranking could give, some queries without relevant items."""
    rng = np.random.default_rng(seed)
    ks = np.sort(rng.choice(np.arange(1, 3 * columns + 1), columns, replace=False))
    return Accumulated(ks, rng.integers(0, 2 * columns, queries), rng.random((queries, len(SUMS), columns)))


def test_normal_band():
    values = np.random.default_rng(5).random((40, 3))
    mean, low, high = normal_band(values)
    for k in range(3):
        theirs = stats.norm.interval(0.95, loc=values[:, k].mean(), scale=stats.sem(values[:, k]))
        assert (low[k], high[k]) == pytest.approx(theirs, abs=1e-12)
        assert mean[k] == pytest.approx(values[:, k].mean(), abs=1e-12)


def test_normal_band_by_hand_and_of_one_query():
    mean, low, high = normal_band(np.array([[1.0], [3.0]]))  # standard error 1
    assert (mean[0], low[0], high[0]) == pytest.approx((2, 2 - 1.95996398, 2 + 1.95996398), abs=1e-8)
    assert [array.tolist() for array in normal_band(np.array([[0.3, 0.4]]))] == [[0.3, 0.4]] * 3


def averaged(sums, metrics=COMPUTED, keep=None, backwards=False):
    """The averages of sums handed over a block at a time, in any order."""
    queries = len(sums.relevant)
    averages = Averages(metrics, sums.ks, sums.relevant, keep)
    for first in sorted(range(0, queries, ROWS), reverse=backwards):
        averages.take(first, sums.values[first : first + ROWS])
    return averages


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 700), st.integers(1, 7), st.integers(0, 2**31))
def test_averages_of_all_metrics_equal_plain_numpy(queries, columns, seed):
    sums = sums_of(queries, columns, seed)
    for metric, (mean, low, high) in zip(COMPUTED, averaged(sums).bands(), strict=True):
        values = metric(sums)
        np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-13, atol=1e-15)
        half = 1.959963984540054 * values.std(axis=0, ddof=1) / np.sqrt(queries)
        np.testing.assert_allclose(low, mean - half, rtol=0, atol=1e-13)
        np.testing.assert_allclose(high, mean + half, rtol=0, atol=1e-13)


@pytest.mark.parametrize("queries", [1, 3, ROWS - 1, ROWS, ROWS + 1, 1500])
def test_no_bit_depends_on_the_order_of_blocks_nor_on_the_metrics_beside(queries):
    sums = sums_of(queries, 9, 0)
    one = np.array(averaged(sums).bands())
    assert np.array_equal(one, averaged(sums, backwards=True).bands())
    for metric, together in zip(COMPUTED, one, strict=True):
        assert np.array_equal(averaged(sums, [metric]).bands(), [together])
        weighted = weighted_band(sums[metric.total], *metric.divisors(sums.relevant, sums.ks))
        assert np.array_equal(weighted, together)


def test_what_is_no_whole_block_is_refused():
    sums = sums_of(2 * ROWS + 5, 2, 0)
    averages = Averages(COMPUTED, sums.ks, sums.relevant)
    end = len(sums.relevant)
    for rows in (slice(1, ROWS + 1), slice(0, ROWS - 1), slice(ROWS, end), slice(2 * ROWS, end - 1)):
        with pytest.raises(ValueError, match="not a whole block"):
            averages.take(rows.start, sums.values[rows])
    averages.take(2 * ROWS, sums.values[2 * ROWS :])


@pytest.mark.parametrize("queries", [1, 65, 300])
def test_the_sums_of_one_k_are_kept(queries):
    sums = sums_of(queries, 4, 1)
    kept, expected = averaged(sums, keep=int(sums.ks[2])).kept.sums, sums.pick(columns=slice(2, 3))
    for name in ("ks", "relevant", "values"):
        assert np.array_equal(getattr(kept, name), getattr(expected, name))
    assert averaged(sums).kept is None


def test_a_small_spread_beside_a_large_mean_is_kept_and_equal_values_have_hardly_any():
    values = 1e3 + 1e-3 * np.random.default_rng(0).random((1000, 1))
    _, low, high = normal_band(values)
    assert (high - low) / 2 == pytest.approx(1.959963984540054 * values.std(axis=0, ddof=1) / 1000**0.5, rel=1e-6)
    assert [float(each[0]) for each in normal_band(np.full((1000, 1), 0.1))] == pytest.approx([0.1] * 3, abs=1e-15)
    assert [float(each[0]) for each in normal_band(np.full((1000, 1), 0.5))] == [0.5] * 3


def test_a_weighted_band_by_hand():
    """4 / min(2, 1) and 9 / min(3, 1), then 4 / min(2, 8) and 9 / min(3, 8): 4 and 9, 2 and 3."""
    found = weighted_band(np.array([[4.0, 4.0], [9.0, 9.0]]), np.array([2.0, 3.0]), np.array([1.0, 8.0]))
    half = 1.959963984540054 * np.array([2.5, 0.5])
    assert np.array(found) == pytest.approx(np.array([6.5, 2.5]) + np.outer([0, -1, 1], half), abs=1e-12)


def test_views_and_other_dtypes():
    values = np.arange(24).reshape(4, 6)
    assert np.array_equal(normal_band(values[:, ::2]), normal_band(np.array(values[:, ::2], np.float64)))
    assert np.isnan(normal_band(np.full((3, 2), np.nan))).all()
