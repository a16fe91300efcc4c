from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.order import order_by_similarity
from tests.core.search.worlds import quick


def by_python(similarities, ids):
    return sorted(range(len(ids)), key=lambda place: (-similarities[place], ids[place]))


def test_order_by_hand():
    similarities, ids = np.array([0.5, 0.9, 0.5, 0.9]), np.array([7, 4, 3, 9], np.int32)
    assert order_by_similarity(similarities, ids).tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize("distinct", [1, 2, 60])
def test_order_when_ties_come_in_any_order(distinct):
    rng = np.random.default_rng(distinct)
    ids = rng.permutation(300).astype(np.int32)
    similarities = rng.integers(0, distinct, 300).astype(np.float64)
    assert order_by_similarity(similarities, ids).tolist() == by_python(similarities, ids)


_SPREADS = (0.0, 1e-300, 1e-17, 1e-6, 1.0, 1e6)


@quick
@given(
    st.integers(0, 1200), st.sampled_from(_SPREADS), st.sampled_from(_SPREADS), st.integers(1, 5), st.integers(0, 99)
)
def test_order_equals_that_of_python(count, spread, outlier, repeats, seed):
    # Few or many values, so near each other or so far apart that the first pass tells none or all of them from another.
    rng = np.random.default_rng(seed)
    similarities = rng.normal(size=max(1, count // repeats))[rng.integers(0, max(1, count // repeats), count)] * spread
    similarities[: count // 50] += outlier
    ids = rng.permutation(3 * count)[:count].astype(np.int32)
    order = order_by_similarity(similarities, ids)
    assert order.dtype == np.int32
    assert order.tolist() == by_python(similarities, ids)
    for depth in {0, min(1, count), count // 2, count}:
        assert order_by_similarity(similarities, ids, depth).tolist() == order[:depth].tolist()


@pytest.mark.parametrize("similarities", [[0.0, -0.0] * 20, [1e300, -1e300] * 20, [np.inf, 1.0] * 20])
def test_order_of_values_at_the_edge_of_what_floats_hold(similarities):
    ids = np.arange(40, 0, -1).astype(np.int32)
    assert order_by_similarity(np.array(similarities), ids).tolist() == by_python(similarities, ids)


@pytest.mark.parametrize("count", [321, 2000])
@pytest.mark.parametrize("distinct", [1, 2, 60, 10**9])
def test_the_first_of_more_items_than_are_counted(count, distinct):
    rng = np.random.default_rng(distinct)
    ids = rng.permutation(count).astype(np.int32)
    similarities = rng.integers(0, distinct, count).astype(np.float64)
    for depth in (1, 100, 320, 321, count):
        assert order_by_similarity(similarities, ids, depth).tolist() == by_python(similarities, ids)[:depth]
