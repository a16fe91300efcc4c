from __future__ import annotations

import numpy as np
import pytest

from core.metrics.recall import recall, recall_ceiling
from tests.core.metrics.hand import LABELS, RANKING, judge


def test_by_hand():
    sums = judge(RANKING, LABELS, [1, 2, 3, 6])
    assert recall(sums)[0] == pytest.approx([1 / 5, 1 / 5, 2 / 5, 3 / 5], abs=1e-15)


def test_without_relevant_items_it_is_zero():
    assert recall(judge([0, 1], [1, 1], [1, 2])).tolist() == [[0, 0]]


def test_ceiling():
    ceiling = recall_ceiling(np.array([5, 0]), np.array([1, 5, 10]))
    assert ceiling.tolist() == [[0.2, 1, 1], [0, 0, 0]]
