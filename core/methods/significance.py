"""Paired tests over queries of one method against a reference, corrected for the number of comparisons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.metrics.intervals import Comparison, bootstrap

PERMUTATIONS = 9999
_CHUNK = 64  # draws of signs held at once: 64 x 10,000 queries are 5 MB


@dataclass(frozen=True)
class Paired:
    """One method less the reference: the difference with its 95 % interval, and p before and after the correction."""

    comparison: Comparison
    p_holm: float

    @property
    def differs(self) -> bool:
        """Whether the difference stands at the 5 % level, all comparisons together."""
        return self.p_holm < 0.05


def against(reference: np.ndarray, others: np.ndarray, seed: int = 0) -> list[Paired]:
    """Each column of `others` float (Q, M) less `reference` float (Q,), on the same queries.

    Test: paired randomisation of signs (Fisher 1935; Smucker, Allan & Carterette, CIKM 2007), two-sided, on the mean
    difference. Correction: Holm 1979, over the M comparisons. Interval: percentile bootstrap over queries.
    """
    differences = np.asarray(others, np.float64) - np.asarray(reference, np.float64)[:, None]
    low, high = bootstrap(differences, seed) if differences.shape[1] else (np.empty(0), np.empty(0))
    p_values = sign_test(differences, seed)
    found = []
    for m, (p, adjusted) in enumerate(zip(p_values, holm(p_values), strict=True)):
        column = differences[:, m]
        deviation = float(column.std(ddof=1)) if len(column) > 1 else 0.0
        mean = float(column.mean())
        wins, ties, losses = int((column > 0).sum()), int((column == 0).sum()), int((column < 0).sum())
        effect = mean / deviation if deviation else float(np.copysign(np.inf, mean)) if mean else 0.0
        comparison = Comparison(mean, float(low[m]), float(high[m]), wins, ties, losses, effect, float(p))
        found.append(Paired(comparison, float(adjusted)))
    return found


def sign_test(differences: np.ndarray, seed: int = 0, permutations: int = PERMUTATIONS) -> np.ndarray:
    """Two-sided p, float64 (M,), of differences (Q, M): how often random signs give a sum as far from 0.

    Where all 2^Q signs are no more than `permutations` each is tried once and p is exact; else p is
    (1 + draws as far) / (1 + draws), so that it is never 0.
    """
    differences = np.asarray(differences, np.float64)
    if differences.ndim != 2 or len(differences) < 1:
        raise BadInput(f"differences of shape {differences.shape}: expected (queries, methods), at least one query")
    queries = len(differences)
    observed = np.abs(differences.sum(axis=0))
    observed *= 1 - 1e-9  # sums of the same numbers in another order count as equal
    if queries < 62 and 1 << queries <= permutations:
        numbers = np.arange(1 << queries)[:, None] >> np.arange(queries) & 1
        return (np.abs((2.0 * numbers - 1) @ differences) >= observed).mean(axis=0)
    draws = np.random.default_rng(seed)
    as_far = np.zeros(differences.shape[1], np.int64)
    single, total = differences.astype(np.float32), differences.sum(axis=0)
    for start in range(0, permutations, _CHUNK):
        count = min(_CHUNK, permutations - start)
        flipped = np.unpackbits(draws.integers(0, 256, (count, -(-queries // 8)), np.uint8), axis=1, count=queries)
        sums = total - 2.0 * (flipped.astype(np.float32) @ single)
        as_far += (np.abs(sums) >= observed).sum(axis=0)
    return (1 + as_far) / (1 + permutations)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's step-down adjusted p, float64 (M,), of p (M,) (Scandinavian Journal of Statistics, 1979).

    >>> holm(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, np.float64)
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
