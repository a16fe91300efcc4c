from __future__ import annotations

from math import log2

import pytest

from core.metrics.ndcg import ndcg, ndcg_hierarchical
from tests.core.metrics.hand import CAR, CAT, DOG, LABELS, RANKING, SIMILARITY, judge


def test_by_hand():
    sums = judge(RANKING, LABELS, [1, 2, 3, 6])
    best = [1, 1 + 1 / log2(3), 1 + 1 / log2(3) + 1 / 2, 1 + 1 / log2(3) + 1 / 2 + 1 / log2(5) + 1 / log2(6)]
    reached = [1, 1, 1 + 1 / 2, 1 + 1 / 2 + 1 / log2(7)]
    assert ndcg(sums)[0] == pytest.approx([r / b for r, b in zip(reached, best, strict=True)], abs=1e-15)


def test_class_similarity_as_gain():
    # gallery cat, dog, car; ranking dog, car, cat: gains .5, 0, 1; the best order is cat, dog, car
    sums = judge([1, 2, 0], [CAT, DOG, CAR], [1, 3], similarity=SIMILARITY)
    assert ndcg_hierarchical(sums)[0] == pytest.approx([0.5, (0.5 + 1 / 2) / (1 + 0.5 / log2(3))], abs=1e-15)
    assert ndcg(sums)[0] == pytest.approx([0, 1 / 2], abs=1e-15)


def test_perfect_and_hopeless():
    perfect = judge([0, 1, 2], [CAT, DOG, CAR], [1, 2, 3], similarity=SIMILARITY)
    hopeless = judge([0, 1], [DOG, CAR], [1, 2], similarity=SIMILARITY)
    for metric in (ndcg, ndcg_hierarchical):
        assert metric(perfect)[0] == pytest.approx([1, 1, 1])
        assert metric(hopeless).tolist() == [[0, 0]]
