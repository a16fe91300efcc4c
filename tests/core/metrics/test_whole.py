from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.whole import ap_sum_of_keys, ap_sum_of_levels
from tests.core.metrics.hand import judge


def walk(keys, members, exclude):
    """The sum of precisions at relevant ranks, down a stable sort."""
    relevant = np.zeros(len(keys), bool)
    relevant[members] = True
    order = [n for n in np.argsort(keys, kind="stable") if n != exclude]
    total, hits = 0.0, 0
    for rank, item in enumerate(order, start=1):
        if relevant[item]:
            hits += 1
            total += hits * (1 / rank)
    return total


def test_by_hand():
    # ranking by (distance, index): 1 (d 0), 0 (d 1), 3 (d 1), 2 (d 2); relevant 0 and 2 at ranks 2 and 4
    distances = np.array([1, 0, 2, 1], np.uint16)
    members = np.array([0, 2])
    assert ap_sum_of_levels(distances, members, -1) == 1 / 2 + 2 / 4
    assert ap_sum_of_keys(distances.astype(float), members, -1) == 1 / 2 + 2 / 4
    # without item 1 the ranks are 1 and 3
    assert ap_sum_of_levels(distances, members, 1) == 1 / 1 + 2 / 3
    assert ap_sum_of_keys(distances.astype(float), members, 1) == 1 / 1 + 2 / 3


def test_without_a_relevant_item():
    none = np.empty(0, np.int64)
    assert ap_sum_of_levels(np.array([3, 1], np.uint16), none, -1) == 0.0
    assert ap_sum_of_keys(np.array([3.0, 1.0]), none, -1) == 0.0


@pytest.mark.parametrize("spread", [0.0, 1e-310, 1e300])
def test_keys_of_any_spread(spread):
    keys = np.array([0.0, 1.0, 0.5, 1.0, 0.25, -1.0]) * spread
    members = np.array([0, 1, 4])
    assert ap_sum_of_keys(keys, members, 2) == walk(keys, members, 2)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=60),
    st.integers(-1, 59),
)
def test_equal_to_a_walk_down_the_ranking(items, exclude):
    distances = np.array([distance for distance, _ in items], np.uint16)
    exclude = exclude if exclude < len(items) else -1
    members = np.array([n for n, (_, hit) in enumerate(items) if hit and n != exclude], np.int64)
    expected = walk(distances, members, exclude)
    assert ap_sum_of_levels(distances, members, exclude) == expected
    assert ap_sum_of_keys(distances.astype(float) / 7, members, exclude) == expected


def test_equal_to_the_sum_of_a_ranking_that_is_judged_to_its_end():
    rng = np.random.default_rng(0)
    keys, labels = rng.integers(0, 400, 3000), rng.integers(0, 3, 3000)
    members = np.flatnonzero(labels == 0)
    sums = judge(np.argsort(keys, kind="stable"), labels, [3000])
    assert ap_sum_of_levels(keys.astype(np.uint16), members, -1) == sums["ap_sum"][0, 0]
    assert ap_sum_of_keys(keys / 7, members, -1) == sums["ap_sum"][0, 0]
