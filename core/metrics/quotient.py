"""A metric as data: a sum over the ranking, and what it is divided by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.metrics.judged_ranks import OfRanking


class Sums(Protocol):
    """Sums of the rankings of Q queries at K values of k."""

    @property
    def ks(self) -> np.ndarray:
        """int64 (K,)."""

    @property
    def relevant(self) -> np.ndarray:
        """int64 (Q,), the relevant items of each query."""

    def __getitem__(self, name: str) -> np.ndarray:
        """Those of that name, float64 (Q, K)."""


@dataclass(frozen=True)
class Quotient:
    """`total`, the name of a sum, (Q, K) / the divisor: k, R, min(R, k) where it is both, or 1; never less than 1.

    Called with accumulated sums it gives the values float64 (Q, K). `of_ranking` makes the sum where it is none
    of those that the compiled loops keep (`core.metrics.sums.KEPT`): `total` is then a name of its own.
    """

    total: str
    by_k: bool = False
    by_relevant: bool = False
    of_ranking: OfRanking | None = None

    def divisors(self, relevant: np.ndarray, ks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Float64 (Q,) and (K,): the smaller one of a query's, by its relevant items, and a k's is the divisor."""
        rows, columns = np.full(len(relevant), np.inf), np.full(len(ks), np.inf)
        if self.by_relevant:
            rows = np.maximum(relevant, 1).astype(np.float64)
        if self.by_k:
            columns = ks.astype(np.float64)
        return (rows, columns) if self.by_relevant or self.by_k else (np.ones_like(rows), columns)

    def __call__(self, sums: Sums) -> np.ndarray:
        total = sums[self.total]
        if not (self.by_relevant or self.by_k):
            return total
        rows, columns = self.divisors(sums.relevant, sums.ks)
        return total / np.minimum(rows[:, None], columns)
