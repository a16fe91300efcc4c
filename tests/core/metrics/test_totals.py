from __future__ import annotations

import numpy as np
import pytest

from core.metrics.moments import finish_moments
from core.metrics.registry import METRICS
from core.metrics.sums import Accumulated
from core.metrics.totals import NUMBERS, TOTALS, add_totals


def sums():
    """Three queries at two k, every entry another number."""
    numbers = iter(range(1, 100))
    arrays = [np.array([[next(numbers) for _ in range(2)] for _ in range(3)]) for _ in range(8)]
    hits, *real, shared = arrays
    return Accumulated(
        np.array([1, 2]), np.array([3, 3, 3]), hits.astype(np.int32), *(a / 7 for a in real), shared.astype(np.int32)
    )


def test_made_totals_by_hand():
    found = sums()
    per_hit = found._replace(hits=np.array([[0, 2]] * 3, np.int32), ap_sum=np.array([[0.0, 3.0]] * 3))
    assert TOTALS["ap_per_hit"](per_hit)[0].tolist() == [0, 1.5]
    area = found._replace(ahp_sum=np.full((3, 2), 5.0), hp_first=np.ones((3, 2)), hp=np.full((3, 2), 0.5))
    assert TOTALS["hp_area"](area)[0].tolist() == [4.25, 4.25]


@pytest.mark.parametrize("name", TOTALS)
def test_the_compiled_totals_are_the_plain_ones(name):
    found = sums()
    expected = np.asarray(TOTALS[name](found), np.float64)
    by_row, by_column = np.zeros((2, 3)), np.array([[1.0, 1.0], [0.5, 0.25]])
    first, moments = np.empty((2, 2)), np.empty((2, 2, 2))
    numbers = np.full(2, NUMBERS[name], np.int64)
    add_totals(found, 3, numbers, by_row, by_column, np.empty((3, 2)), first, moments, True)
    for m in range(2):
        finish_moments(3, first[m], moments[m])
        np.testing.assert_allclose(moments[m, 0], (expected * by_column[m]).mean(axis=0), rtol=1e-14)


def test_every_metric_has_a_total_and_every_total_a_metric():
    assert {metric.compute.total for metric in METRICS.values() if metric.compute} == set(TOTALS)
