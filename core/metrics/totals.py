"""What metrics divide: the arrays of the sums themselves, and two that are made of them.

For values by query in NumPy, for averages in a compiled loop over all metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

import numpy as np

from core.compiled import kernel
from core.metrics.moments import add_moments
from core.metrics.sums import Accumulated

_FIELDS = ("hits", "ap_sum", "hp", "ahp_sum", "ndcg", "ndcg_hierarchical", "shared")


def _per_hit(sums: Accumulated) -> np.ndarray:
    return sums.ap_sum / np.maximum(sums.hits, 1)


def _area(sums: Accumulated) -> np.ndarray:
    return sums.ahp_sum - (sums.hp_first + sums.hp) / 2.0


# name -> (Q, K) of sums. `ap_per_hit`: over the hits in the top k; `hp_area`: the trapezoid of hp_1 .. hp_k with dx = 1
TOTALS: dict[str, Callable[[Accumulated], np.ndarray]] = {
    **{name: attrgetter(name) for name in _FIELDS},
    "ap_per_hit": _per_hit,
    "hp_area": _area,
}
NUMBERS = {name: number for number, name in enumerate(TOTALS)}  # that `add_totals` knows them by


@kernel
def add_totals(
    sums: Accumulated, count: int, numbers: np.ndarray, by_row: np.ndarray, by_column: np.ndarray, made: np.ndarray,
    first: np.ndarray, moments: np.ndarray, begins: bool,
) -> None:  # fmt: skip
    """`add_moments` of several totals of the first `count` queries, to `moments` float64 (M, 2, K).

    `numbers` int64 (M,) say which; `by_row` float64 (M, count) and `by_column` (M, K) are what they are multiplied by.
    `made` float64 (>= count, K) is scratch, `first` float64 (M, K) as there.
    """
    for m in range(numbers.shape[0]):
        number, given = numbers[m], (count, by_row[m], by_column[m], first[m], moments[m], begins)
        if number == 0:
            add_moments(sums.hits, *given)
        elif number == 1:
            add_moments(sums.ap_sum, *given)
        elif number == 2:
            add_moments(sums.hp, *given)
        elif number == 3:
            add_moments(sums.ahp_sum, *given)
        elif number == 4:
            add_moments(sums.ndcg, *given)
        elif number == 5:
            add_moments(sums.ndcg_hierarchical, *given)
        elif number == 6:
            add_moments(sums.shared, *given)
        elif number == 7:
            for q in range(count):
                for column in range(made.shape[1]):
                    made[q, column] = sums.ap_sum[q, column] / max(sums.hits[q, column], 1)
            add_moments(made, *given)
        else:
            for q in range(count):
                for column in range(made.shape[1]):
                    made[q, column] = sums.ahp_sum[q, column] - (sums.hp_first[q, column] + sums.hp[q, column]) / 2.0
            add_moments(made, *given)
