"""Mean and spread of the columns of a table whose rows come block by block, and are never held together.

Each block is averaged by itself, and blocks are put together in their order (Chan, Golub & LeVeque, Updating Formulae
and a Pairwise Algorithm for Computing Sample Variances, 1979): no number of threads changes a bit.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.metrics.intervals import Z95
from core.search.parallel import BLOCK

Band = tuple[np.ndarray, np.ndarray, np.ndarray]  # mean, low, high, float64 (K,) each

_READ = (np.float32, np.float64, np.int32)  # dtypes that the kernel is compiled for


class Moments:
    """Mean and spread of the columns of a table (Q, K) whose rows come a block at a time, in any order.

    A value is an entry over the smaller one of its row's and its column's divisor, float64 (Q,) and (K,).
    """

    def __init__(self, rows: np.ndarray, columns: np.ndarray) -> None:
        self._shares = 1.0 / rows, 1.0 / columns
        self._blocks = room_for(len(rows), len(columns))

    def add(self, rows: slice, totals: np.ndarray) -> None:
        """Take the entries of `rows`: a whole block, from a multiple of BLOCK on. Raises ValueError for others."""
        by_row, by_column = self._shares
        block = block_of(rows, len(by_row))
        totals = np.ascontiguousarray(totals, totals.dtype if totals.dtype in _READ else np.float64)
        first, moments = np.empty(len(by_column)), self._blocks[block]
        add_moments(totals, len(totals), by_row[rows], by_column, first, moments, True)
        finish_moments(len(totals), first, moments)

    def band(self) -> Band:
        """Of all rows, once every block is there."""
        return band_of(self._blocks, len(self._shares[0]))


def room_for(count: int, *shape: int) -> np.ndarray:
    """Unfilled moments of the blocks of `count` rows: float64 (blocks, *shape[:-1], 2, K), K the last of `shape`."""
    return np.empty((-(-count // BLOCK), *shape[:-1], 2, shape[-1]), np.float64)


def block_of(rows: slice, count: int) -> int:
    """Which of the blocks of `count` rows these are; ValueError where they are not a whole one."""
    if rows.start % BLOCK or rows.stop != min(rows.start + BLOCK, count):
        raise ValueError(f"rows {rows.start} to {rows.stop} are no whole block of {BLOCK} of {count}")
    return rows.start // BLOCK


def band_of(blocks: np.ndarray, count: int) -> Band:
    """Mean and 95 % normal band of `count` rows, from the moments (blocks, 2, K); a single row has no spread."""
    means, squares = blocks[:, 0], blocks[:, 1]
    sizes = np.minimum(BLOCK, count - BLOCK * np.arange(len(means)))[:, None]
    mean = means[0] + (sizes * (means - means[0])).sum(axis=0) / count
    variance = (squares + sizes * (means - mean) ** 2).sum(axis=0) / max(1, count - 1)
    half = Z95 * np.sqrt(variance / count)
    return mean, mean - half, mean + half


@kernel
def add_moments(
    totals: np.ndarray, count: int, rows: np.ndarray, columns: np.ndarray, first: np.ndarray, moments: np.ndarray,
    begins: bool,
) -> None:  # fmt: skip
    """Add the first `count` rows of totals (>= count, K) to `moments` float64 (2, K), until `finish_moments`.

    Each entry times the larger one of what its row and its column are to be multiplied by: a division would take longer
    than all else. What is added is by how much it exceeds the value of the row that `begins` a block, which `first`
    float64 (K,) keeps: a sum of plain squares would lose a small variance beside a large mean.
    """
    q = 0
    if begins:
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


@kernel
def finish_moments(count: int, first: np.ndarray, moments: np.ndarray) -> None:
    """Make `moments` the mean and the sum of squared deviations of the `count` rows that were added."""
    for column in range(first.shape[0]):
        excess = moments[0, column]
        moments[0, column] = first[column] + excess / count
        moments[1, column] = max(moments[1, column] - excess * (excess / count), 0.0)
