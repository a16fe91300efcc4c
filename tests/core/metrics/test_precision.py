from __future__ import annotations

import numpy as np
import pytest

from core.metrics.precision import precision, precision_ceiling
from tests.core.metrics.hand import LABELS, RANKING, judge


def test_by_hand():
    sums = judge(RANKING, LABELS, [1, 2, 3, 6])
    assert precision(sums)[0] == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2], abs=1e-15)


def test_ceiling():
    ceiling = precision_ceiling(np.array([5, 0]), np.array([1, 5, 10]))
    assert ceiling.tolist() == [[1, 1, 0.5], [0, 0, 0]]
