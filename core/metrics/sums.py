"""The sums that every metric is made of, by query and k."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.metrics.judged_ranks import OfRanking
from core.metrics.registry import METRICS

# With rel_i = 1 where rank i has the query's class, P_i the precision and hp_i the hierarchical precision at rank i:
KEPT = (
    "hits",  # sum of rel_i
    "ap_sum",  # sum of rel_i P_i
    "ap_per_hit",  # the same over the hits, 0 without one
    "hp",  # hp_k
    "ahp_sum",  # sum of hp_i
    "hp_area",  # the trapezoid of hp_1 .. hp_k with dx = 1
    "ndcg",
    "ndcg_hierarchical",
    "shared",  # items that are in the exact top k, too
)
HITS, AP_SUM, AP_PER_HIT, HP, AHP_SUM, HP_AREA, NDCG, NDCG_HIERARCHICAL, SHARED = range(len(KEPT))

# Sums that a metric makes of its own, behind those that the compiled loops keep.
OWN: dict[str, OfRanking] = {
    metric.compute.total: metric.compute.of_ranking
    for metric in METRICS.values()
    if metric.compute is not None and metric.compute.of_ranking is not None
}
SUMS = (*KEPT, *OWN)


@dataclass(frozen=True)
class Accumulated:
    """Sums of the rankings of Q queries at K values of k; `accumulated[name]` are those of a name in `SUMS`."""

    ks: np.ndarray  # int64 (K,)
    relevant: np.ndarray  # int64 (Q,), the relevant items of each query
    values: np.ndarray  # float64 (Q, len(SUMS), K)

    def __getitem__(self, name: str) -> np.ndarray:
        """A view, float64 (Q, K)."""
        return self.values[:, SUMS.index(name)]

    def pick(self, rows: slice = slice(None), columns: slice = slice(None)) -> Accumulated:
        """Views of some queries and some of the k."""
        return Accumulated(self.ks[columns], self.relevant[rows], self.values[rows, :, columns])

    def with_sums(self, **sums: np.ndarray) -> Accumulated:
        """A copy in which some sums, (Q, K) each, stand in place of their own."""
        values = self.values.copy()
        for name, given in sums.items():
            values[:, SUMS.index(name)] = given
        return replace(self, values=values)

    @property
    def nbytes(self) -> int:
        """Memory of all arrays, bytes."""
        return self.ks.nbytes + self.relevant.nbytes + self.values.nbytes


def unknown_sums(ks: np.ndarray, relevant: np.ndarray) -> Accumulated:
    """Room for the sums of queries with so many relevant items, int64 (Q,), at `ks` int64 (K,): NaN all."""
    return Accumulated(ks, relevant, np.full((len(relevant), len(SUMS), len(ks)), np.nan))
