from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.metrics.bands import metric_bands, normal_band
from core.metrics.registry import METRICS
from core.metrics.sums import Accumulated

COMPUTED = [metric.compute for metric in METRICS.values() if metric.compute]


def sums_of(queries, columns, dtype, seed):
    """Sums as a ranking could give, some queries without relevant items."""
    rng = np.random.default_rng(seed)
    ks = np.sort(rng.choice(np.arange(1, 3 * columns + 1), columns, replace=False))
    relevant = rng.integers(0, 2 * columns, queries)
    shape = (queries, columns)
    hits, shared = (rng.integers(0, np.minimum(relevant[:, None], ks) + 1).astype(np.int32) for _ in range(2))
    return Accumulated(ks, relevant, hits, *(rng.random(shape).astype(dtype) for _ in range(6)), shared)


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


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 1200), st.integers(1, 7), st.sampled_from([np.float32, np.float64]), st.integers(0, 2**31))
def test_bands_of_all_metrics_equal_plain_numpy(queries, columns, dtype, seed):
    sums = sums_of(queries, columns, dtype, seed)
    bands = metric_bands([(metric, sums) for metric in COMPUTED])
    for metric, (mean, low, high) in zip(COMPUTED, bands, strict=True):
        values = metric(sums).astype(np.float64)
        np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-13, atol=1e-15)
        half = 1.959963984540054 * values.std(axis=0, ddof=1) / np.sqrt(queries)
        np.testing.assert_allclose(low, mean - half, rtol=0, atol=1e-13)
        np.testing.assert_allclose(high, mean + half, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_bit_depends_on_the_threads_nor_on_the_metrics_beside(dtype):
    sums = sums_of(1500, 9, dtype, 0)
    asked = [(metric, sums) for metric in COMPUTED]
    one = np.array(metric_bands(asked, threads=1))
    assert np.array_equal(one, metric_bands(asked, threads=3))
    for alone, together in zip(asked, one, strict=True):
        assert np.array_equal(metric_bands([alone]), [together])
        assert np.array_equal(normal_band(alone[0](sums)), together)
    assert metric_bands([]) == []


def test_a_small_spread_beside_a_large_mean_is_kept_and_equal_values_have_none():
    values = 1e3 + 1e-3 * np.random.default_rng(0).random((1000, 1))
    _, low, high = normal_band(values)
    assert (high - low) / 2 == pytest.approx(1.959963984540054 * values.std(axis=0, ddof=1) / 1000**0.5, rel=1e-6)
    assert [float(each[0]) for each in normal_band(np.full((1000, 1), 0.1))] == [0.1] * 3


def test_views_and_other_dtypes():
    values = np.arange(24).reshape(4, 6)
    assert np.array_equal(normal_band(values[:, ::2]), normal_band(np.array(values[:, ::2], np.float64)))
    assert np.isnan(normal_band(np.full((3, 2), np.nan))).all()
