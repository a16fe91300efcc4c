"""Mean and spread over queries of metrics whose sums come block by block, and are never held together.

Each block is averaged by itself, and blocks are put together in their order (Chan, Golub & LeVeque, Updating Formulae
and a Pairwise Algorithm for Computing Sample Variances, 1979): no number of threads changes a bit.
"""

from __future__ import annotations

import numpy as np

from core.metrics.intervals import Z95
from core.runtime.compiled import kernel

Band = tuple[np.ndarray, np.ndarray, np.ndarray]  # mean, low, high, float64 (K,) each


def band_of(moments: np.ndarray, count: int, rows: int) -> Band:
    """Mean and 95 % normal band of `count` queries, from those of their blocks, float64 (blocks, 2, K).

    Every block has `rows` queries, the last one perhaps fewer. A single query has no spread.
    """
    means, squares = moments[:, 0], moments[:, 1]
    sizes = np.minimum(rows, count - rows * np.arange(len(means)))[:, None]
    mean = means[0] + (sizes * (means - means[0])).sum(axis=0) / count
    variance = (squares + sizes * (means - mean) ** 2).sum(axis=0) / max(1, count - 1)
    half = Z95 * np.sqrt(variance / count)
    return mean, mean - half, mean + half


@kernel
def block_moments(
    sums: np.ndarray, which: np.ndarray, by_row: np.ndarray, by_column: np.ndarray, moments: np.ndarray
) -> None:
    """Mean and sum of squared deviations over the q queries of a block, into `moments` float64 (M, 2, K).

    Metric m is sums[:, which[m]] of `sums` float64 (q, S, K), each entry times the larger one of by_row[m, q] and
    by_column[m, k], float64 (M, q) and (M, K): one over the smaller of two divisors.
    """
    count = sums.shape[0]
    for m in range(which.shape[0]):
        mean, squares = moments[m, 0], moments[m, 1]
        mean[:], squares[:] = 0.0, 0.0
        for q in range(count):
            values, row = sums[q, which[m]], by_row[m, q]
            for k in range(mean.shape[0]):
                column = by_column[m, k]
                mean[k] += values[k] * (row if row > column else column)
        for k in range(mean.shape[0]):
            mean[k] /= count
        for q in range(count):
            values, row = sums[q, which[m]], by_row[m, q]
            for k in range(mean.shape[0]):
                column = by_column[m, k]
                apart = values[k] * (row if row > column else column) - mean[k]
                squares[k] += apart * apart
