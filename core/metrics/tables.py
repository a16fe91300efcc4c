"""What rankings are judged by, as the compiled loops read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.metrics.ideal import Ideal, discounts


@dataclass(frozen=True)
class Judgements:
    """What the sums are judged by: labels of queries and gallery, class similarities, ideal sums to some depth."""

    query_labels: np.ndarray  # int64 (Q,)
    gallery_labels: np.ndarray  # int64 (N,)
    similarity: np.ndarray  # float64 (C, C)
    ideal: Ideal
    ideal_row: np.ndarray | None = None  # int64 (Q,), the row of `ideal` of each query; None: its label

    @property
    def rows(self) -> np.ndarray:
        """The row of the ideal sums of each query, int64 (Q,)."""
        return self.query_labels if self.ideal_row is None else self.ideal_row

    @property
    def relevant(self) -> np.ndarray:
        """The relevant items of each query, int64 (Q,)."""
        return self.ideal.relevant[self.rows]

    def __getitem__(self, queries: np.ndarray | slice) -> Judgements:
        return Judgements(
            self.query_labels[queries], self.gallery_labels, self.similarity, self.ideal, self.rows[queries]
        )


class Tables(NamedTuple):
    """Ideal sums are inverted, and 0 where there is nothing to reach: a query without relevant items counts 0."""

    labels: np.ndarray  # uint32 (N,): classes
    similarity: np.ndarray  # float64 (C, C)
    inverse_ideal: np.ndarray  # float64 (3, rows of the ideal sums, depth): of `gain`, `dcg`, `dcg_hierarchical`
    by_rank: np.ndarray  # float64 (2, depth): the discount and 1 / rank


def tables_of(judgements: Judgements) -> Tables:
    """The tables, as deep as the ideal sums are."""
    ideal = judgements.ideal
    sums = np.stack([ideal.gain, ideal.dcg, ideal.dcg_hierarchical])
    reachable = (sums > 0) & (ideal.relevant > 0)[:, None]
    depth = ideal.gain.shape[1]
    return Tables(
        judgements.gallery_labels.astype(np.uint32),
        judgements.similarity,
        np.divide(1.0, sums, out=np.zeros_like(sums), where=reachable),
        np.stack([discounts(depth), 1.0 / np.arange(1, depth + 1)]),
    )
