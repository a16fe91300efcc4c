"""Means over queries and their 95 % normal bands, at every k, of sums that come block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.metrics.accumulate import ROWS, Kept
from core.metrics.moments import Band, band_of, block_moments
from core.metrics.quotient import Quotient
from core.metrics.sums import SUMS
from core.runtime.parallel import blocks


class Averages:
    """The bands of metrics, of sums that come in blocks of ROWS queries: no more than a block's are held.

    `kept` takes the sums of every query at one k, `keep`, where that is not None.
    """

    def __init__(
        self, metrics: Sequence[Quotient], ks: np.ndarray, relevant: np.ndarray, keep: int | None = None
    ) -> None:
        """`ks` int64 (K,), `keep` one of them; `relevant` int64 (Q,) the relevant items of each query."""
        self.ks, self._count = ks, len(relevant)
        divisors = [metric.divisors(relevant, ks) for metric in metrics]
        self._by_row = np.stack([1.0 / rows for rows, _ in divisors])
        self._by_column = np.stack([1.0 / columns for _, columns in divisors])
        self._which = np.array([SUMS.index(metric.total) for metric in metrics], np.int64)
        self._moments = np.empty((-(-self._count // ROWS), len(metrics), 2, len(ks)))
        self._column = None if keep is None else int(np.searchsorted(ks, keep))
        self.kept = None if keep is None else Kept(np.array([keep], np.int64), relevant)

    def take(self, first: int, sums: np.ndarray) -> None:
        """Average the sums float64 (q, S, K) of a whole block of queries, from place `first` on."""
        block, odd = divmod(first, ROWS)
        if odd or len(sums) != min(ROWS, self._count - first):
            raise ValueError(f"queries {first} to {first + len(sums)} are not a whole block of {ROWS}")
        by_row = np.ascontiguousarray(self._by_row[:, first : first + len(sums)])
        block_moments(sums, self._which, by_row, self._by_column, self._moments[block])
        if self.kept is not None:
            self.kept.take(first, sums[:, :, self._column, None])

    def bands(self) -> list[Band]:
        """One per metric, once all blocks are there."""
        return [band_of(self._moments[:, m], self._count, ROWS) for m in range(len(self._which))]


def normal_band(values: np.ndarray) -> Band:
    """Mean and 95 % normal band (mean, low, high), float64 (K,), of values (Q, K)."""
    return weighted_band(values, np.ones(len(values)), np.full(values.shape[1], np.inf))


def weighted_band(totals: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Band:
    """The same of `totals` (Q, K), each over the smaller one of its row's and its column's divisor, (Q,) and (K,)."""
    moments = np.empty((-(-len(totals) // ROWS), 1, 2, totals.shape[1]))
    by_row, by_column, which = 1.0 / rows[None], 1.0 / columns[None], np.zeros(1, np.int64)
    for block, part in enumerate(blocks(len(totals), ROWS)):
        sums = np.ascontiguousarray(totals[part, None], np.float64)
        block_moments(sums, which, np.ascontiguousarray(by_row[:, part]), by_column, moments[block])
    return band_of(moments[:, 0], len(totals), ROWS)
