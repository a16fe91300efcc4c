from __future__ import annotations

from core.metrics.overlap import overlap
from tests.core.metrics.hand import judge


def test_by_hand():
    sums = judge([4, 0, 1, 2, 3], [0] * 5, [1, 2, 3, 4, 5], exact=[0, 1, 2, 3, 4])
    assert overlap(sums).tolist() == [[0, 1 / 2, 2 / 3, 3 / 4, 1]]


def test_it_needs_no_labels():
    right, wrong = (judge([0, 1, 2], labels, [1, 2, 3]) for labels in ([0, 0, 0], [1, 1, 1]))
    assert overlap(right).tolist() == overlap(wrong).tolist() == [[1, 1, 1]]
