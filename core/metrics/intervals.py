"""Uncertainty over queries: bootstrap intervals, paired comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.runtime.compiled import kernel

RESAMPLES = 1000
Z95 = 1.959963984540054  # 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Comparison:
    """A paired difference over the same queries: `difference` is the mean of second - first."""

    difference: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int
    effect: float  # mean difference / standard deviation of the differences (Cohen's d_z)
    p_value: float  # two-sided paired t-test


def bootstrap(values: np.ndarray, seed: int = 0, resamples: int = RESAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile bootstrap of column means: (low, high), float64 (M,), of values (Q,) or (Q, M).

    The resamples are seeded and the same for every column, so that results repeat to the bit
    (Efron & Tibshirani, An Introduction to the Bootstrap, 1993).
    """
    columns = np.ascontiguousarray(np.asarray(values, dtype=np.float64).reshape(len(values), -1))
    means = _resampled_means(columns, _multiplicities(len(columns), resamples, seed))
    low, high = np.percentile(means, [2.5, 97.5], axis=1)
    return low, high


def compare(first: np.ndarray, second: np.ndarray, seed: int = 0) -> Comparison:
    """Compare two searches on the same queries, values (Q,) each. An interval comes from the bootstrap.

    Test: paired t (Smucker, Allan & Carterette, CIKM 2007). Without any difference its p is 1; where all
    queries differ by the same amount, p is 0 and the effect infinite.
    """
    from scipy.special import stdtr  # scipy.stats takes a second to import, on the first page's path

    differences = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    low, high = bootstrap(differences, seed)
    many = len(differences) > 1  # one query tells nothing of the spread
    deviation = float(differences.std(ddof=1)) if many else 0.0
    mean = float(differences.mean())
    certain = many and mean != 0.0
    return Comparison(
        difference=mean,
        low=float(low[0]),
        high=float(high[0]),
        wins=int((differences > 0).sum()),
        ties=int((differences == 0).sum()),
        losses=int((differences < 0).sum()),
        effect=mean / deviation if deviation else float(np.copysign(np.inf, mean)) if certain else 0.0,
        p_value=float(2 * stdtr(len(differences) - 1, -abs(mean) / deviation * len(differences) ** 0.5))
        if deviation
        else float(not certain),
    )


@lru_cache(maxsize=4)
def _multiplicities(count: int, resamples: int, seed: int) -> np.ndarray:
    """How often each query is drawn in each resample, uint16 (count, resamples)."""
    generator = np.random.default_rng(seed)
    drawn = np.empty((count, resamples), np.uint16)
    for r in range(resamples):
        drawn[:, r] = np.bincount(generator.integers(0, count, count), minlength=count)
    return drawn


@kernel
def _resampled_means(columns: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    count, resamples = drawn.shape
    means = np.zeros((columns.shape[1], resamples))
    for m in range(columns.shape[1]):
        for q in range(count):
            value = columns[q, m]
            for r in range(resamples):
                means[m, r] += value * drawn[q, r]
        for r in range(resamples):
            means[m, r] /= count
    return means
