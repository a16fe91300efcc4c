"""The best sums that any ranking of the gallery can reach, by class of the query.

They need only the gallery's class counts: sort the class similarities of the query's class, repeat each by its
count (less the query itself where it is left out), and sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ideal:
    """By class c and rank i (0-based): relevant int64 (C,), the rest float64 (C, depth).

    `gain` is the largest sum of class similarities of i + 1 items, `dcg` and `dcg_hierarchical` the largest
    discounted sums with gain 1 for the same class and with the class similarity as gain.
    """

    relevant: np.ndarray
    gain: np.ndarray
    dcg: np.ndarray
    dcg_hierarchical: np.ndarray


def ideal_sums(
    similarity: np.ndarray, counts: np.ndarray, depth: int, leave_one_out: bool, ranks: np.ndarray | None = None
) -> Ideal:
    """Ideal sums up to `depth` from class similarities (C, C) and gallery class counts int64 (C,).

    With `ranks` (1-based) only those columns are kept.
    """
    columns = np.arange(depth) if ranks is None else np.asarray(ranks) - 1
    discount = discounts(depth)
    tables = [np.zeros((len(counts), len(columns))) for _ in range(3)]
    relevant = counts - 1 if leave_one_out else counts.copy()
    for c in range(len(counts)):
        own = counts.copy()
        own[c] = max(relevant[c], 0)
        order = np.argsort(-similarity[c], kind="stable")
        best = np.repeat(similarity[c][order], own[order])[:depth]
        best = np.pad(best, (0, depth - len(best)))
        same = (np.arange(depth) < own[c]).astype(float)
        for table, gains in zip(tables, (best, same * discount, best * discount), strict=True):
            table[c] = np.cumsum(gains)[columns]
    return Ideal(np.maximum(relevant, 0), *tables)


def discounts(depth: int) -> np.ndarray:
    """1 / log2(rank + 1) for ranks 1 to depth, float64 (Järvelin & Kekäläinen, TOIS 2002)."""
    return 1.0 / np.log2(np.arange(2, depth + 2))
