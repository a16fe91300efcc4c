from __future__ import annotations

import numpy as np
import pytest

from core.bundle import hierarchy
from core.metrics.hierarchical_precision import ahp, ahp_trapezoid, ahp_trapezoid_ceiling, hp
from tests.core.metrics.hand import CAR, CAT, DOG, SIMILARITY, TREE, judge

LABELS = [CAT, CAT, DOG, CAR, CAR]
DOG_CAT_CAR_CAT_CAR = [2, 0, 3, 1, 4]
# sums .5 1.5 1.5 2.5 2.5 over the best 1 2 2.5 2.5 2.5
HP = [0.5, 0.75, 0.6, 1.0, 1.0]


def test_the_tree():
    assert np.array_equal(hierarchy.parse(TREE, ["cat", "dog", "car"], "toy").similarity(), SIMILARITY)


def test_by_hand():
    sums = judge(DOG_CAT_CAR_CAT_CAR, LABELS, [1, 2, 3, 4, 5], similarity=SIMILARITY)
    assert hp(sums)[0] == pytest.approx(HP, abs=1e-15)
    assert ahp(sums)[0] == pytest.approx([0.5, 1.25 / 2, 1.85 / 3, 2.85 / 4, 3.85 / 5], abs=1e-15)
    # trapezoid at 4: ((.5 + .75) / 2 + (.75 + .6) / 2 + (.6 + 1) / 2) / 4 = 2.1 / 4
    assert ahp_trapezoid(sums)[0, 3] == pytest.approx(0.525, abs=1e-15)
    for column, k in enumerate(sums.ks):
        assert ahp_trapezoid(sums)[0, column] == pytest.approx(np.trapezoid(HP[:k], dx=1 / k), abs=1e-15)


def test_the_best_sum_leaves_out_the_query_itself():
    # Query: item 0. What is left is cat, dog, car, car: the best sums are 1, 1.5, 1.5, 1.5.
    sums = judge([2, 1, 3, 4], LABELS, [1, 2, 3, 4], similarity=SIMILARITY, exclude=True)
    assert hp(sums)[0] == pytest.approx([0.5, 1, 1, 1])


@pytest.mark.parametrize("k", [1, 2, 5, 40])
def test_a_perfect_ranking(k):
    labels = [CAT] * 20 + [DOG] * 15 + [CAR] * 10
    sums = judge(range(45), labels, [k], similarity=SIMILARITY)
    assert hp(sums)[0, 0] == pytest.approx(1, abs=1e-12)
    assert ahp(sums)[0, 0] == pytest.approx(1, abs=1e-12)
    assert ahp_trapezoid(sums)[0, 0] == pytest.approx((k - 1) / k, abs=1e-12)
    assert ahp_trapezoid_ceiling(np.array([20, 3]), np.array([k])).tolist() == [[(k - 1) / k]] * 2


def test_without_relevant_items_it_is_zero():
    sums = judge([0, 1], [DOG, CAR], [1, 2], similarity=SIMILARITY)
    for metric in (hp, ahp, ahp_trapezoid):
        assert metric(sums).tolist() == [[0, 0]]


def test_with_a_flat_tree_it_is_precision_over_its_ceiling():
    labels = [0, 1, 0, 1, 1, 0, 0, 0]
    sums = judge(range(8), labels, list(range(1, 9)))
    best = np.minimum(sums.ks, 5)
    assert hp(sums)[0] == pytest.approx(np.cumsum(np.array(labels) == 0) / best, abs=1e-15)
