"""The sums that every metric is made of, for all k in one pass over a ranking.

In exact, Hamming and asymmetric search the top k is the beginning of one ranking. In hashed search each k has its
own shortlist, so each k has its own ranking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.metrics.accumulate_kernels import ranking_block
from core.metrics.averaged_kernels import ranking_averages, shortlist_averages
from core.metrics.ideal import Ideal, discounts
from core.metrics.lanes import LANES
from core.metrics.shortlist_kernels import shortlist_block
from core.metrics.sums import Accumulated, Kernels, Tables, unfilled
from core.search.parallel import run_blocks

_RANKING = Kernels(ranking_block, ranking_averages)
_SHORTLISTS = Kernels(shortlist_block, shortlist_averages)


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

    def __getitem__(self, queries: np.ndarray | slice) -> Judgements:
        return Judgements(
            self.query_labels[queries], self.gallery_labels, self.similarity, self.ideal, self.rows[queries]
        )


class Sink(Protocol):
    """Where the sums of blocks of queries go: kept as they are (`Accumulated`), or averaged (`Averages`)."""

    ks: np.ndarray  # int64 (K,)

    def pick(self, rows: slice) -> Sink:
        """The same, for some of the queries."""

    def fill(self, rows: slice, kernels: Kernels, *judged: object) -> None:
        """Let a kernel judge a block of queries, by these arguments, and take the sums."""


def empty(ks: np.ndarray, judgements: Judgements) -> Accumulated:
    """Unfilled arrays for all queries; sums are float64, counts int32."""
    return unfilled(np.asarray(ks, np.int64), relevant_of(judgements))


def relevant_of(judgements: Judgements) -> np.ndarray:
    """The relevant items of each query, int64 (Q,)."""
    return judgements.ideal.relevant[judgements.rows]


def accumulate_ranking(
    ids: np.ndarray,
    exact_ids: np.ndarray,
    judgements: Judgements,
    out: Sink,
    threads: int | None = None,
) -> None:
    """Fill `out` from rankings `ids` int32 (Q, depth), depth >= the largest k; `exact_ids` likewise."""
    tables = tables_of(judgements, out.ks)

    def work(block: slice) -> None:
        labels, rows = judgements.query_labels[block], judgements.rows[block]
        out.fill(block, _RANKING, ids[block], exact_ids[block], labels, rows, tables)

    run_blocks(work, len(ids), threads)


def accumulate_shortlists(
    queries: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    exact_ids: np.ndarray,
    judgements: Judgements,
    out: Sink,
    threads: int | None = None,
) -> None:
    """Fill `out` for hashed search: at ks[c] the first shortlists[c] ids of `near`, ranked by similarity.

    `queries` float32 (Q, d), `gallery` float32 (N, d); `near` int32 (Q, M) is the Hamming ranking to the largest
    shortlist or deeper; `shortlists` int64 (K,) does not decrease and is at least k; `exact_ids` int32 (Q, >= largest
    k): the deeper it is, the fewer similarities are computed, and no value depends on its depth.
    """
    tables = tables_of(judgements, out.ks)

    def work(block: slice) -> None:
        judged = (judgements.query_labels[block], judgements.rows[block], tables)
        asked = queries[block], gallery, near[block], shortlists, exact_ids[block]
        out.fill(block, _SHORTLISTS, *asked, *judged)

    run_blocks(work, len(queries), threads)


def tables_of(judgements: Judgements, ks: np.ndarray | None = None) -> Tables:
    """What the kernels judge by at `ks` int64 (K,), from the judgements; None: at each k that has ideal sums."""
    ideal = judgements.ideal
    ks = np.arange(1, ideal.gain.shape[1] + 1) if ks is None else ks
    reachable = (ideal.relevant > 0)[:, None]  # a query without relevant items counts 0

    def inverse(table: np.ndarray) -> np.ndarray:
        return np.divide(1.0, table, out=np.zeros_like(table), where=(table > 0) & reachable)

    gain = inverse(ideal.gain)
    rows, depth = gain.shape
    before, discount, rank = np.zeros((rows, depth + LANES)), np.zeros(depth + LANES), np.zeros(depth + LANES)
    before[:, 1 : depth + 1] = np.cumsum(gain, axis=1)
    discount[:depth], rank[:depth] = discounts(depth), 1.0 / np.arange(1, depth + 1)
    by_k = np.take(gain, ks - 1, axis=1), np.take(before, ks, axis=1)
    dcg = [inverse(np.take(table, ks - 1, axis=1)) for table in (ideal.dcg, ideal.dcg_hierarchical)]
    return Tables(judgements.gallery_labels, judgements.similarity, *by_k, *dcg, before, discount, rank)
