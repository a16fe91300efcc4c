"""The best sums that any ranking of the gallery can reach, by class of the query and of the item that it leaves out.

They need only the gallery's class counts: sort the class similarities of the query's class, repeat each by its
count (less the item left out), and sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ideal:
    """By row r and rank i (0-based): relevant int64 (R,), the rest float64 (R, depth). A row is a class of queries, or
    a class of queries and the class of the item that they leave out.

    `gain` is the largest sum of class similarities of i + 1 items, `dcg` and `dcg_hierarchical` the largest
    discounted sums with gain 1 for the same class and with the class similarity as gain.
    """

    relevant: np.ndarray
    gain: np.ndarray
    dcg: np.ndarray
    dcg_hierarchical: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return self.relevant.nbytes + self.gain.nbytes + self.dcg.nbytes + self.dcg_hierarchical.nbytes


def ideal_sums(
    similarity: np.ndarray, counts: np.ndarray, depth: int, leave_one_out: bool, ranks: np.ndarray | None = None
) -> Ideal:
    """Ideal sums by class up to `depth` from class similarities (C, C) and gallery class counts int64 (C,).

    With `leave_one_out` queries leave out an item of their own class. With `ranks` (1-based) only those columns are
    kept.
    """
    classes = np.arange(len(counts))
    left_out = classes if leave_one_out else np.full_like(classes, -1)
    return ideal_rows(similarity, counts, depth, classes, left_out, ranks)


def ideal_rows(
    similarity: np.ndarray,
    counts: np.ndarray,
    depth: int,
    classes: np.ndarray,
    left_out: np.ndarray,
    ranks: np.ndarray | None = None,
) -> Ideal:
    """One row for each class of queries int64 (R,) and class of the item that they leave out, -1 for none, int64 (R,).

    The other arguments as in `ideal_sums`.
    """
    columns = np.arange(depth) if ranks is None else np.asarray(ranks) - 1
    discount = discounts(depth)
    tables = [np.zeros((len(classes), len(columns))) for _ in range(3)]
    relevant = np.empty(len(classes), np.int64)
    for row, (c, other) in enumerate(zip(classes, left_out, strict=True)):
        own = counts.copy()
        if other >= 0:
            own[other] = max(own[other] - 1, 0)
        relevant[row] = own[c]
        order = np.argsort(-similarity[c], kind="stable")
        best = np.repeat(similarity[c][order], own[order])[:depth]
        best = np.pad(best, (0, depth - len(best)))
        same = (np.arange(depth) < own[c]).astype(float)
        for table, gains in zip(tables, (best, same * discount, best * discount), strict=True):
            table[row] = np.cumsum(gains)[columns]
    return Ideal(relevant, *tables)


def discounts(depth: int) -> np.ndarray:
    """1 / log2(rank + 1) for ranks 1 to depth, float64 (Järvelin & Kekäläinen, TOIS 2002)."""
    return 1.0 / np.log2(np.arange(2, depth + 2))
