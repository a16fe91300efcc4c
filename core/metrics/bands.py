"""Means over queries and their 95 % normal bands, at every k, of sums that come block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

import numpy as np

from core.metrics.averaged_kernels import ROWS, Room
from core.metrics.moments import Band, Moments, band_of, block_of, room_for
from core.metrics.quotient import Quotient
from core.metrics.sums import Accumulated, Kernels, unfilled
from core.metrics.totals import NUMBERS
from core.search.parallel import blocks


@dataclass(frozen=True)
class Averages:
    """The bands of metrics, of sums that are filled block by block: room for them is made for a block alone.

    It is filled as `Accumulated` is; `kept` takes the sums of every query at one k, that of `kept.ks`. `start` is the
    place among all queries of the first one that is filled here.
    """

    ks: np.ndarray  # int64 (K,)
    relevant: np.ndarray  # int64 (Q,)
    numbers: np.ndarray  # int64 (M,), the metrics' totals
    by_row: np.ndarray  # float64 (M, Q) that these are multiplied by, or by the next, whichever is the larger
    by_column: np.ndarray  # float64 (M, K)
    moments: np.ndarray  # float64 (blocks, M, 2, K)
    spare: SimpleQueue[tuple[Accumulated, np.ndarray, np.ndarray]]  # the first arrays of a Room
    kept: Accumulated | None = None
    start: int = 0

    @classmethod
    def of(cls, metrics: Sequence[Quotient], ks: np.ndarray, relevant: np.ndarray, keep: int | None = None) -> Averages:
        """Nothing filled yet; `ks` int64 (K,), `relevant` int64 (Q,) the relevant items of each query.

        `keep` is the one of `ks` at which every query's sums are kept, None for none.
        """
        divisors = [metric.divisors(relevant, ks) for metric in metrics]
        by_row = np.empty((len(metrics), len(relevant)), np.float64)
        by_column = np.empty((len(metrics), len(ks)))
        for m, (rows, columns) in enumerate(divisors):
            by_row[m], by_column[m] = 1.0 / rows, 1.0 / columns
        numbers = np.array([NUMBERS[metric.total] for metric in metrics], np.int64)
        kept = None if keep is None else unfilled(np.array([keep], np.int64), relevant)
        room = room_for(len(relevant), len(metrics), len(ks))
        return cls(ks, relevant, numbers, by_row, by_column, room, SimpleQueue(), kept)

    def pick(self, rows: slice) -> Averages:
        """The same, for some of the queries: they begin with a whole block."""
        return replace(self, start=rows.start)

    def fill(self, rows: slice, kernels: Kernels, *judged: object) -> None:
        """Judge a block of queries and average them."""
        place = slice(self.start + rows.start, self.start + rows.stop)
        block = block_of(place, len(self.relevant))
        try:
            scratch = self.spare.get_nowait()
        except Empty:
            scratch = self._scratch()
        kept, column = scratch[0], -1
        if self.kept is not None:
            kept, column = self.kept.pick(place), int(np.searchsorted(self.ks, self.kept.ks[0]))
        shares = self.numbers, self.by_row[:, place], self.by_column
        kernels.averaged(*judged, Room(*scratch, *shares, self.moments[block], kept, column))
        self.spare.put(scratch)

    def _scratch(self) -> tuple[Accumulated, np.ndarray, np.ndarray]:
        sums = unfilled(self.ks, np.empty(ROWS, np.int64))
        return sums, np.empty(sums.hp.shape, np.float64), np.empty((len(self.numbers), len(self.ks)))

    def bands(self) -> list[Band]:
        """One a metric, once all is filled."""
        return [band_of(self.moments[:, m], len(self.relevant)) for m in range(len(self.numbers))]


def normal_band(values: np.ndarray) -> Band:
    """Mean and 95 % normal band (mean, low, high), float64 (K,), of values (Q, K)."""
    count, width = values.shape
    moments = Moments(np.ones(count), np.full(width, np.inf))
    for rows in blocks(count):
        moments.add(rows, values[rows])
    return moments.band()
