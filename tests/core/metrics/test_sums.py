from __future__ import annotations

import numpy as np

from core.metrics.registry import METRICS
from core.metrics.sums import SUMS, unknown_sums
from tests.core.metrics.hand import LABELS, RANKING, judge


def test_pick_gives_views_of_rows_and_columns():
    sums = judge(RANKING, LABELS, [1, 3, 6])
    picked = sums.pick(slice(0, 1), slice(1, 3))
    assert picked.ks.tolist() == [3, 6]
    assert picked["hits"].tolist() == [[2, 3]]
    for name in ("ks", "relevant", "values"):
        assert np.shares_memory(getattr(picked, name), getattr(sums, name))
    assert all(np.shares_memory(sums[name], sums.values) for name in SUMS)


def test_other_sums_in_place_of_some_leave_the_rest_as_they_were():
    sums = judge(RANKING, LABELS, [1, 3, 6])
    other = sums.with_sums(hits=np.array([[7, 8, 9]]), ndcg=np.zeros((1, 3)))
    assert other["hits"].tolist() == [[7, 8, 9]]
    assert other["ndcg"].tolist() == [[0, 0, 0]]
    assert sums["hits"].tolist() == [[1, 2, 3]]
    for name in set(SUMS) - {"hits", "ndcg"}:
        assert np.array_equal(other[name], sums[name])


def test_memory_counts_every_array():
    assert judge(RANKING, LABELS, [1, 3, 6]).nbytes == 8 * 3 + 8 + 9 * 8 * 3


def test_unknown_sums_are_no_numbers():
    sums = unknown_sums(np.array([1, 5]), np.array([3, 4, 4]))
    assert sums.values.shape == (3, len(SUMS), 2)
    assert sums.values.dtype == np.float64
    assert np.isnan(sums.values).all()
    assert sums["shared"].shape == (3, 2)


def test_every_metric_has_a_sum_and_every_sum_a_metric():
    assert {metric.compute.total for metric in METRICS.values() if metric.compute} == set(SUMS)
