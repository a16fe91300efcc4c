from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from core.metrics.intervals import bootstrap, compare


def test_bootstrap_equals_plain_numpy():
    values = np.random.default_rng(1).random((23, 3))
    rng = np.random.default_rng(7)
    means = np.array([values[rng.integers(0, 23, 23)].mean(axis=0) for _ in range(200)])
    low, high = bootstrap(values, seed=7, resamples=200)
    assert low == pytest.approx(np.percentile(means, 2.5, axis=0), abs=1e-12)
    assert high == pytest.approx(np.percentile(means, 97.5, axis=0), abs=1e-12)


def test_bootstrap_of_four_values_comes_near_all_their_resamples():
    values = np.array([0.0, 0.25, 0.5, 1.0])
    every = [np.mean(drawn) for drawn in product(values, repeat=4)]
    low, high = bootstrap(values, resamples=20_000)
    assert low[0] == pytest.approx(np.percentile(every, 2.5), abs=0.0626)  # one step of the means' grid
    assert high[0] == pytest.approx(np.percentile(every, 97.5), abs=0.0626)


def test_bootstrap_agrees_with_scipy():
    values = np.random.default_rng(2).beta(2, 3, 400)
    low, high = bootstrap(values, resamples=9999)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(3)).confidence_interval
    assert (low[0], high[0]) == pytest.approx((theirs.low, theirs.high), abs=0.05 * (theirs.high - theirs.low))


def test_bootstrap_repeats_and_does_not_depend_on_the_other_columns():
    values = np.random.default_rng(4).random((50, 4)).astype(np.float32)
    low, high = bootstrap(values)
    assert np.array_equal(low, bootstrap(values)[0])
    assert np.array_equal(high[2:3], bootstrap(values[:, 2])[1])
    assert not np.array_equal(low, bootstrap(values, seed=1)[0])


def test_bootstrap_of_equal_values_is_that_value():
    assert [array.tolist() for array in bootstrap(np.full(9, 0.5))] == [[0.5], [0.5]]


def test_compare_by_hand():
    # differences 1, 0, -2, 4: mean 3/4, standard deviation sqrt(18.75 / 3) = 2.5
    found = compare(np.array([1.0, 2, 3, 4]), np.array([2.0, 2, 1, 8]))
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.difference == 0.75
    assert found.effect == pytest.approx(0.3, abs=1e-15)
    assert found.p_value == pytest.approx(2 * stats.t.sf(0.75 / (2.5 / 2), 3), abs=1e-12)
    assert -2 <= found.low <= 0.75 <= found.high <= 4


def test_compare_agrees_with_scipy_and_turns_round():
    first, second = np.random.default_rng(6).random((2, 60))
    found, turned = compare(first, second), compare(second, first)
    assert found.p_value == pytest.approx(stats.ttest_rel(first, second).pvalue, abs=1e-12)
    assert (turned.difference, turned.effect) == pytest.approx((-found.difference, -found.effect), abs=1e-12)
    assert (turned.wins, turned.losses) == (found.losses, found.wins)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-12)


def test_compare_with_itself():
    values = np.random.default_rng(8).random(10)
    found = compare(values, values)
    assert (found.difference, found.low, found.high, found.effect, found.p_value) == (0, 0, 0, 0, 1)
    assert (found.wins, found.ties, found.losses) == (0, 10, 0)


def test_compare_one_query():
    found = compare(np.array([0.25]), np.array([0.5]))
    assert (found.difference, found.wins, found.effect, found.p_value) == (0.25, 1, 0, 1)


def test_a_constant_difference_is_certain():
    certain = compare(np.zeros(10), np.ones(10))
    assert certain.p_value == 0
    assert certain.effect == np.inf
    none = compare(np.ones(10), np.ones(10))
    assert (none.p_value, none.effect) == (1, 0)
