"""Means over queries and their 95 % normal bands, at every k, from blocks of queries that are never held together.

Each block is averaged by itself, and blocks are put together in their order (Chan, Golub & LeVeque, Updating Formulae
and a Pairwise Algorithm for Computing Sample Variances, 1979): no number of threads changes a bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

import numpy as np

from core.compiled import kernel
from core.metrics.intervals import Z95
from core.metrics.quotient import Quotient
from core.metrics.sums import Accumulated, unfilled
from core.search.parallel import BLOCK, blocks

Band = tuple[np.ndarray, np.ndarray, np.ndarray]  # mean, low, high, float64 (K,) each

_READ = (np.float32, np.float64, np.int32)  # dtypes that the kernel is compiled for


class Moments:
    """Mean and spread of the columns of a table (Q, K) whose rows come a block at a time, in any order.

    A value is an entry over the smaller one of its row's and its column's divisor, float64 (Q,) and (K,).
    """

    def __init__(self, rows: np.ndarray, columns: np.ndarray) -> None:
        self._shares = 1.0 / rows, 1.0 / columns  # multiplied by: a division takes longer than all else
        self._count = len(rows)
        self._blocks = np.empty((-(-len(rows) // BLOCK), 2, len(columns)))

    def add(self, rows: slice, totals: np.ndarray) -> None:
        """Take the entries of `rows`: a whole block, from a multiple of BLOCK on. Raises ValueError for others."""
        if rows.start % BLOCK or rows.stop != min(rows.start + BLOCK, self._count):
            raise ValueError(f"rows {rows.start} to {rows.stop} are no whole block of {BLOCK} of {self._count}")
        totals = np.ascontiguousarray(totals, totals.dtype if totals.dtype in _READ else np.float64)
        by_row, by_column = self._shares
        _add_block(totals, by_row[rows], by_column, self._blocks[rows.start // BLOCK])

    def band(self) -> Band:
        """Of all rows, once every block is there; a single row has no spread."""
        means, squares = self._blocks[:, 0], self._blocks[:, 1]
        count = self._count
        sizes = np.minimum(BLOCK, count - BLOCK * np.arange(len(means)))[:, None]
        mean = means[0] + (sizes * (means - means[0])).sum(axis=0) / count
        variance = (squares + sizes * (means - mean) ** 2).sum(axis=0) / max(1, count - 1)
        half = Z95 * np.sqrt(variance / count)
        return mean, mean - half, mean + half


@dataclass(frozen=True)
class Averages:
    """The bands of metrics, of sums that are filled block by block: room for them is made for a block alone.

    It is filled as `Accumulated` is; `kept` takes the sums of every query at one k, that of `kept.ks`. `start` is the
    place among all queries of the first one that is filled here.
    """

    ks: np.ndarray
    relevant: np.ndarray
    metrics: Sequence[Quotient]
    moments: Sequence[Moments]
    spare: SimpleQueue[Accumulated]
    kept: Accumulated | None = None
    start: int = 0

    @classmethod
    def of(cls, metrics: Sequence[Quotient], ks: np.ndarray, relevant: np.ndarray, keep: int | None = None) -> Averages:
        """Nothing filled yet; `ks` int64 (K,), `relevant` int64 (Q,) the relevant items of each query.

        `keep` is the one of `ks` at which every query's sums are kept, None for none.
        """
        moments = [Moments(*metric.divisors(relevant, ks)) for metric in metrics]
        kept = None if keep is None else unfilled(np.array([keep], np.int64), relevant)
        return cls(ks, relevant, metrics, moments, SimpleQueue(), kept)

    def pick(self, rows: slice) -> Averages:
        """The same, for some of the queries: they begin with a whole block."""
        return replace(self, start=rows.start)

    @contextmanager
    def filled(self, rows: slice) -> Iterator[Accumulated]:
        """Room for the sums of a block of queries, averaged once it is filled."""
        place = slice(self.start + rows.start, self.start + rows.stop)
        try:
            room = self.spare.get_nowait()
        except Empty:
            room = unfilled(self.ks, np.empty(BLOCK, np.int64))
        sums = room.pick(slice(0, rows.stop - rows.start))._replace(relevant=self.relevant[place])
        yield sums
        for metric, moments in zip(self.metrics, self.moments, strict=True):
            moments.add(place, metric.total(sums))
        if self.kept is not None:
            column = int(np.searchsorted(self.ks, self.kept.ks[0]))
            _, _, *kept = self.kept.pick(place)
            _, _, *found = sums.pick(columns=slice(column, column + 1))
            for ours, theirs in zip(kept, found, strict=True):
                ours[:] = theirs
        self.spare.put(room)

    def bands(self) -> list[Band]:
        """One a metric, once all is filled."""
        return [moments.band() for moments in self.moments]


def normal_band(values: np.ndarray) -> Band:
    """Mean and 95 % normal band (mean, low, high), float64 (K,), of values (Q, K)."""
    count, width = values.shape
    moments = Moments(np.ones(count), np.full(width, np.inf))
    for rows in blocks(count):
        moments.add(rows, values[rows])
    return moments.band()


@kernel
def _add_block(totals: np.ndarray, rows: np.ndarray, columns: np.ndarray, moments: np.ndarray) -> None:
    """Mean and sum of squared deviations of each column of a block into `moments` float64 (2, K).

    Of totals (q, K), each times the larger one of what its row and its column are to be multiplied by. By what values
    exceed that of the first row: a sum of plain squares would lose a small variance beside a large mean.
    """
    count, q = totals.shape[0], 0
    first = np.empty(totals.shape[1], np.float64)
    for column in range(totals.shape[1]):
        first[column] = totals[0, column] * max(rows[0], columns[column])
    moments[:] = 0.0
    while q + 4 <= count:  # four rows a pass over the running sums
        for column in range(totals.shape[1]):
            by, less = columns[column], first[column]
            a = totals[q, column] * max(rows[q], by) - less
            b = totals[q + 1, column] * max(rows[q + 1], by) - less
            c = totals[q + 2, column] * max(rows[q + 2], by) - less
            d = totals[q + 3, column] * max(rows[q + 3], by) - less
            moments[0, column] += (a + b) + (c + d)
            moments[1, column] += (a * a + b * b) + (c * c + d * d)
        q += 4
    while q < count:
        for column in range(totals.shape[1]):
            a = totals[q, column] * max(rows[q], columns[column]) - first[column]
            moments[0, column] += a
            moments[1, column] += a * a
        q += 1
    for column in range(totals.shape[1]):
        excess = moments[0, column]
        moments[0, column] = first[column] + excess / count
        moments[1, column] = max(moments[1, column] - excess * (excess / count), 0.0)
