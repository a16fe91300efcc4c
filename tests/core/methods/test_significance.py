from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.methods.significance import against, holm, sign_test


def test_three_equal_differences_by_hand():
    # of 8 signs only +++ and --- give a sum as far from 0
    assert sign_test(np.array([[1.0], [1.0], [1.0]])).tolist() == [2 / 8]


def test_all_signs_are_tried_where_they_are_few():
    # sums of +-1 +-2 +-4: 7 5 3 1 and their negatives; the observed 5 is reached by 7 and 5: 4 of 8
    assert sign_test(np.array([[-1.0], [2.0], [4.0]])).tolist() == [4 / 8]


def test_no_difference_is_no_evidence():
    assert sign_test(np.zeros((5, 1))).tolist() == [1.0]
    assert sign_test(np.zeros((500, 1))).tolist() == [1.0]


def test_drawn_signs_repeat_and_are_near_the_exact_p():
    differences = np.random.default_rng(1).normal(0.4, 1.0, (13, 2))
    exact = sign_test(differences)  # 8192 signs
    drawn = sign_test(differences, seed=3, permutations=8000)
    np.testing.assert_allclose(drawn, exact, atol=0.02)
    np.testing.assert_array_equal(drawn, sign_test(differences, seed=3, permutations=8000))


def test_a_certain_difference_has_the_smallest_p_there_is():
    assert sign_test(np.full((1000, 1), 0.1)).tolist() == [1 / 10000]


def test_under_no_difference_p_is_spread_evenly():
    noise = np.random.default_rng(0).normal(size=(200, 300))
    p = sign_test(noise, permutations=999)
    assert 0.02 < (p < 0.05).mean() < 0.09
    assert 0.4 < p.mean() < 0.6


def test_holm_by_hand():
    # sorted .01 .02 .04 .5 times 4 3 2 1 = .04 .06 .08 .5
    np.testing.assert_allclose(holm(np.array([0.5, 0.01, 0.04, 0.02])), [0.5, 0.04, 0.08, 0.06])
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]


@given(st.lists(st.floats(0.0001, 1.0), min_size=1, max_size=20))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(values):
    p = np.array(values)
    adjusted = holm(p)
    assert (adjusted >= p - 1e-15).all()
    assert (adjusted <= np.minimum(p * len(p), 1.0) + 1e-12).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def test_against_a_reference():
    reference = np.array([0.1, 0.2, 0.3, 0.4])
    better, same = reference + 0.1, reference.copy()
    first, second = against(reference, np.stack([better, same], axis=1))
    assert first.comparison.difference == pytest.approx(0.1)
    assert (first.comparison.wins, first.comparison.ties, first.comparison.losses) == (4, 0, 0)
    assert first.comparison.p_value == 2 / 16
    assert first.p_holm == 4 / 16
    assert (second.comparison.difference, second.p_holm, second.differs) == (0.0, 1.0, False)
    assert (second.comparison.wins, second.comparison.ties) == (0, 4)
    assert against(reference, np.empty((4, 0))) == []


def test_shapes_that_cannot_be():
    with pytest.raises(BadInput, match="expected \\(queries, methods\\)"):
        sign_test(np.zeros(3))
