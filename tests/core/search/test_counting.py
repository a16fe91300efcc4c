from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.counting import COUNTED, first_by_counting
from tests.core.search.test_order import by_python
from tests.core.search.worlds import quick


def check(similarities, depth, seed=0):
    similarities = np.asarray(similarities, np.float64)
    ids = np.random.default_rng(seed).permutation(3 * len(similarities))[: len(similarities)].astype(np.int32)
    order = first_by_counting(similarities, ids, depth)
    assert order.dtype == np.int32
    if len(order) or len(similarities) <= COUNTED:
        assert order.tolist() == by_python(similarities, ids)[:depth]
    return len(order)


def test_by_hand():
    ids = np.array([7, 4, 3, 9], np.int32)
    assert first_by_counting(np.array([0.5, 0.9, 0.5, 0.9]), ids, 4).tolist() == [1, 3, 2, 0]
    assert first_by_counting(np.array([0.5, 0.9, 0.5, 0.9]), ids, 3).tolist() == [1, 3, 2]


_SPREADS = (0.0, 5e-324, 1e-300, 1e-17, 1e-6, 1.0, 1e6, 1e300)


@quick
@given(
    st.integers(1, 600), st.sampled_from(_SPREADS), st.sampled_from(_SPREADS), st.integers(1, 5), st.integers(0, 99),
    st.data(),
)  # fmt: skip
def test_equals_python_s_sort(count, spread, outlier, repeats, seed, data):
    rng = np.random.default_rng(seed)
    distinct = rng.normal(size=max(1, count // repeats)) * spread
    similarities = distinct[rng.integers(0, len(distinct), count)]
    similarities[: count // 50] += outlier
    check(rng.permutation(similarities), data.draw(st.integers(1, count)), seed)


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 63, 64, 65, 200, COUNTED])
@pytest.mark.parametrize("distinct", [1, 2, 7, 10**9])
def test_every_depth_at_the_edges_of_a_block(count, distinct):
    similarities = np.random.default_rng(count).integers(0, distinct, count)
    for depth in {1, 2, 32, 33, count // 2, count - 1, count} & set(range(1, count + 1)):
        check(similarities, depth)
    check(np.arange(count), count)
    check(-np.arange(count), count)


@pytest.mark.parametrize("few", [1.0, 1e-3, 1e-9, 1e-12])
def test_values_that_the_steps_do_not_tell_apart(few):
    """All but the first and the last lie within a part of a step, or within a few of them."""
    check([1.0, *(0.5 + few * np.random.default_rng(1).random(150)), 0.0], 60)
    check([1.0, *np.nextafter(np.full(40, 0.5), [0, 1] * 20), 0.0], 20)  # neighbours in floating point


@pytest.mark.parametrize(
    "values",
    [[0.0, -0.0], [1e308, -1e308], [1.7e308, -1.7e308, 0.0], [np.inf, 1.0], [np.inf, -np.inf], [-np.inf, 0.0, 5e-324],
     [5e-324, 0.0, -5e-324], [2.3e-308, 1e-308, -0.0], [-1.0, -2.0, -3.0], [-1.0, 1.0, -0.0]],
)  # fmt: skip
def test_values_at_the_edge_of_what_floats_hold(values):
    for count in (len(values), 40, 100):
        for depth in {1, count // 2, count} - {0}:
            check(np.resize(values, count), depth)


def test_of_many_items_the_first_few():
    similarities = np.random.default_rng(0).normal(size=5000)
    assert check(similarities, 100) == 100
    assert check(similarities, 250) == 250
    assert check(similarities[::2].copy(), COUNTED) in (0, COUNTED)


def test_none_where_too_many_could_be_among_the_first():
    assert check(np.ones(COUNTED + 1), 1) == 0
    assert check([2.0, *np.ones(1000), 0.0], 1) == 1
    assert check([2.0, *np.ones(1000), 0.0], 2) == 0
