from __future__ import annotations

import numpy as np
import pytest

from core.metrics.average_precision import ap, ap_hits, ap_source, ap_trec
from tests.core.metrics.hand import LABELS, RANKING, judge

KS = [1, 2, 3, 4, 5, 6]
# S_k of 1,0,1,0,0,1: 1, then 1 + 2/3 from rank 3, then 1 + 2/3 + 3/6 from rank 6
S = np.array([1, 1, 5 / 3, 5 / 3, 5 / 3, 13 / 6])


@pytest.mark.parametrize(
    ("metric", "divisors"),
    [(ap, [1, 2, 3, 4, 5, 5]), (ap_trec, [5] * 6), (ap_hits, [1, 1, 2, 2, 2, 3]), (ap_source, KS)],
)
def test_by_hand(metric, divisors):
    sums = judge(RANKING, LABELS, KS)
    assert sums["ap_sum"][0] == pytest.approx(S, abs=1e-15)
    assert metric(sums)[0] == pytest.approx(S / divisors, abs=1e-15)


def test_the_four_divisors_at_six():
    sums = judge(RANKING, LABELS, [6])
    values = [float(metric(sums)[0, 0]) for metric in (ap, ap_trec, ap_hits, ap_source)]
    assert values == pytest.approx([13 / 30, 13 / 30, 13 / 18, 13 / 36], abs=1e-15)


def test_k_beyond_the_relevant():
    labels = [1, 0, 1, 0, 1]  # R = 2, found at ranks 2 and 4: S = 1/2 + 2/4 = 1
    sums = judge(range(5), labels, [5])
    assert [float(metric(sums)[0, 0]) for metric in (ap, ap_trec, ap_hits, ap_source)] == [0.5, 0.5, 0.5, 0.2]


def test_a_perfect_ranking():
    labels = [0, 0, 0, 1, 1, 1]
    sums = judge(range(6), labels, KS)
    assert ap(sums)[0].tolist() == [1] * 6
    assert ap_hits(sums)[0].tolist() == [1] * 6
    assert ap_trec(sums)[0] == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1])
    assert ap_source(sums)[0] == pytest.approx([1, 1, 1, 3 / 4, 3 / 5, 3 / 6])


def test_hits_divisor_is_not_monotone():
    better = judge([0, 1, 2], [0, 1, 0, 0, 1], [3])
    worse = judge([0, 1, 4], [0, 1, 0, 0, 1], [3])
    assert ap_hits(better)[0, 0] == pytest.approx(5 / 6)
    assert ap_hits(worse)[0, 0] == 1.0
    for metric in (ap, ap_trec, ap_source):
        assert metric(better)[0, 0] > metric(worse)[0, 0]


def test_the_query_itself_is_not_counted():
    # Item 0 is the query: R = 1, found at rank 2.
    sums = judge([1, 2], [0, 1, 0], [2], exclude=True)
    assert sums.relevant.tolist() == [1]
    assert ap(sums)[0, 0] == ap_trec(sums)[0, 0] == ap_hits(sums)[0, 0] == 0.5


@pytest.mark.parametrize("metric", [ap, ap_trec, ap_hits, ap_source])
def test_without_a_hit_or_without_relevant_items_it_is_zero(metric):
    assert metric(judge([1, 2], [0, 1, 1], [2]))[0, 0] == 0.0
    assert metric(judge([0, 1], [1, 1], [2]))[0, 0] == 0.0
