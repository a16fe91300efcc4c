"""The sums that every metric is made of, for all k in one pass over a ranking, some queries at a time.

In exact, Hamming and asymmetric search the top k is the beginning of one ranking. In hashed search each k has its
own shortlist, so each k has its own ranking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from core.metrics.own_sums import sums_of_ranking, sums_of_shortlists
from core.metrics.ranking_kernels import ranking_block
from core.metrics.shortlist_kernels import shortlist_block
from core.metrics.sums import KEPT, OWN, SUMS, Accumulated, unknown_sums
from core.metrics.tables import Judgements, tables_of
from core.runtime.parallel import run_blocks

ROWS = 64  # queries at a time: their sums at 250 k, 1.2 MB, are averaged while they are still in the cache


class Sink(Protocol):
    """Where the sums of blocks of ROWS queries go: kept as they are (`Kept`), or averaged (`Averages`)."""

    ks: np.ndarray  # int64 (K,)

    def take(self, first: int, sums: np.ndarray) -> None:
        """The sums float64 (q, S, K) of the queries from place `first` on."""


class Kept:
    """All sums as they are: `sums` of Q queries at K values of k."""

    def __init__(self, ks: np.ndarray, relevant: np.ndarray) -> None:
        """`ks` int64 (K,), `relevant` int64 (Q,) the relevant items of each query."""
        self.ks, self.sums = ks, unknown_sums(ks, relevant)

    def take(self, first: int, sums: np.ndarray) -> None:
        self.sums.values[first : first + len(sums)] = sums


def judge_rankings(
    ids: np.ndarray, exact_ids: np.ndarray, judgements: Judgements, ks: np.ndarray, threads: int | None = None
) -> Accumulated:
    """Sums of rankings `ids` int32 (Q, depth) at `ks` int64 (K,), all kept; arguments as in `accumulate_ranking`."""
    kept = Kept(np.asarray(ks, np.int64), judgements.relevant)
    accumulate_ranking(ids, exact_ids, judgements, kept, threads)
    return kept.sums


def accumulate_ranking(
    ids: np.ndarray,
    exact_ids: np.ndarray,
    judgements: Judgements,
    out: Sink,
    threads: int | None = None,
    first: int = 0,
) -> None:
    """Give `out` the sums of rankings `ids` int32 (Q, depth), depth >= the largest k; `exact_ids` likewise.

    `first` is the place of the first of these queries among those of `out`.
    """
    tables = tables_of(judgements)

    def judge(block: slice, sums: np.ndarray) -> None:
        judged = judgements.query_labels[block], judgements.rows[block], tables, out.ks
        ranking_block(_places(ids[block]), _places(exact_ids[block]), *judged, sums)
        for place, sum_of in enumerate(OWN.values(), len(KEPT)):
            sums[:, place] = sums_of_ranking(sum_of, ids[block], judgements[block], out.ks)

    _by_blocks(judge, len(ids), out, threads, first)


def accumulate_shortlists(
    queries: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    exact_ids: np.ndarray,
    judgements: Judgements,
    out: Sink,
    threads: int | None = None,
    first: int = 0,
) -> None:
    """Give `out` the sums of hashed search: at ks[c] the first shortlists[c] ids of `near`, ranked by similarity.

    `queries` float32 (Q, d), `gallery` float32 (N, d); `near` int32 (Q, M) is the Hamming ranking to the largest
    shortlist or deeper; `shortlists` int64 (K,) does not decrease and is at least k; `exact_ids` int32 (Q, >= largest
    k): the deeper it is, the fewer similarities are computed, and no value depends on its depth. `first` as in
    `accumulate_ranking`.
    """
    tables = tables_of(judgements)

    def judge(block: slice, sums: np.ndarray) -> None:
        judged = judgements.query_labels[block], judgements.rows[block], tables, out.ks
        known = _places(exact_ids[block])
        shortlist_block(queries[block], gallery, _places(near[block]), shortlists, known, *judged, sums)
        for place, sum_of in enumerate(OWN.values(), len(KEPT)):
            listed = queries[block], gallery, near[block], shortlists
            sums[:, place] = sums_of_shortlists(sum_of, *listed, judgements[block], out.ks)

    _by_blocks(judge, len(queries), out, threads, first)


def _places(ids: np.ndarray) -> np.ndarray:
    """The same ids as unsigned numbers: a kernel tests each index that could be negative, to count from the end."""
    return ids.view(np.uint32)


def _by_blocks(
    judge: Callable[[slice, np.ndarray], None], count: int, out: Sink, threads: int | None, first: int
) -> None:
    """Let `judge` fill the sums of each block of `count` queries and `out` take them."""

    def work(block: slice) -> None:
        sums = np.empty((block.stop - block.start, len(SUMS), len(out.ks)))
        judge(block, sums)
        out.take(first + block.start, sums)

    run_blocks(work, count, threads, ROWS)
