from __future__ import annotations

import numpy as np

from tests.core.metrics.hand import LABELS, RANKING, judge


def test_pick_gives_views_of_rows_and_columns():
    sums = judge(RANKING, LABELS, [1, 3, 6])
    picked = sums.pick(slice(0, 1), slice(1, 3))
    assert picked.ks.tolist() == [3, 6]
    assert picked.hits.tolist() == [[2, 3]]
    assert all(np.shares_memory(a, b) for a, b in zip(picked, sums, strict=True))


def test_memory_counts_every_array():
    sums = judge(RANKING, LABELS, [1, 3, 6])
    assert sums.nbytes() == 8 * 3 + 8 + 2 * 4 * 3 + 6 * 8 * 3
