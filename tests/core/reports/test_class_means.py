from __future__ import annotations

import numpy as np

from core.reports.class_means import by_group


def test_by_hand():
    exact, hashed = np.array([1.0, 0.5, 0.25, 1.0]), np.array([0.5, 0.5, 0.75, 0.0])
    frame = by_group(exact, hashed, np.array([2, 2, 0, 3]), ["a_b", "none", "c", "d"])
    assert frame["group"].tolist() == ["d", "c", "a_b"]  # the largest loss first; a group without queries is left out
    assert frame["queries"].tolist() == [1, 2, 1]
    assert frame["exact"].tolist() == [1.0, 0.75, 0.25]
    assert frame["hashed"].tolist() == [0.0, 0.5, 0.75]
    assert frame["difference"].tolist() == [-1.0, -0.25, 0.5]
