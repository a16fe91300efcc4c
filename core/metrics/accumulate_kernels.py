"""The compiled loop that fills the sums from a single ranking, whose beginning is the top k."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part
from core.metrics.aligned import zeros_by_line
from core.metrics.lanes import LANES, NO_HIT, SUMS, sum_ranks
from core.metrics.sums import Accumulated, Tables


@kernel
def ranking_block(
    ids: np.ndarray,
    exact_ids: np.ndarray,
    query_labels: np.ndarray,
    ideal_rows: np.ndarray,
    tables: Tables,
    out: Accumulated,
) -> None:
    """Sums of rankings `ids` (Q, depth) at out.ks; arguments as in `accumulate_ranking`.

    `ideal_rows` int64 (Q,) are the queries' rows of the inverted ideal sums.
    """
    depth = out.ks[-1]
    exact_rank, shared = np.full(tables.labels.shape[0], depth, np.int32), np.empty(depth + 1, np.int32)
    gains, hits = lists(depth)
    totals = np.empty((SUMS, depth + LANES))
    for q in range(ids.shape[0]):
        c, ideal = query_labels[q], ideal_rows[q]
        before = tables.before[ideal]
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = i
        shared[:] = 0
        found = 0.0
        for i in range(depth):
            item = ids[q, i]
            label = tables.labels[item]
            shared[max(i, exact_rank[item])] += 1  # it is shared from the k on that reaches it in both rankings
            found += label == c
            gains[i], hits[i] = tables.similarity[c, label], found if label == c else found - NO_HIT
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = depth
        for i in range(1, depth):
            shared[i] += shared[i - 1]
        sum_ranks(gains, hits, before, tables.discount, tables.inverse, depth, totals)
        if out.ks.shape[0] < depth:
            _pick(out.ks, hits, shared, totals)
        for column in range(out.ks.shape[0]):
            out.hp_first[q, column] = gains[0] * before[1]
        for column in range(out.ks.shape[0]):
            out.shared[q, column] = shared[column]
        write_sums(q, ideal, hits, totals, tables, out)


@kernel
def lists(depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Gains and counts of hits of a list of `depth` ranks, 0s after them."""
    return zeros_by_line(depth + 2 * LANES), zeros_by_line(depth + 2 * LANES)


@kernel
def _pick(ks: np.ndarray, hits: np.ndarray, shared: np.ndarray, totals: np.ndarray) -> None:
    """Move what is known at the last rank of each k to the column of the k, in place: no k is before its column."""
    for column in range(ks.shape[0]):
        last = ks[column] - 1
        hits[column], shared[column] = hits[last], shared[last]
        for i in range(SUMS):
            totals[i, column] = totals[i, last]


@part
def write_sums(q: int, ideal: int, hits: np.ndarray, totals: np.ndarray, tables: Tables, out: Accumulated) -> None:
    """Fill the row of query `q` from `hits` (>= K,) at the last rank of each k, and `totals` (SUMS, >= K) up to it.

    Both are as in `add_ranks`. The sum of hp_i is that of the gains, each times the inverse ideal sums from its own
    rank to k. There is a loop for each array, since eight columns of one are written at a time.
    """
    columns = range(out.ks.shape[0])
    for i in columns:
        out.hits[q, i] = int(hits[i] if hits[i] > 0 else hits[i] + NO_HIT)
    for i in columns:
        out.ap_sum[q, i] = totals[3, i]
    for i in columns:
        out.hp[q, i] = totals[0, i] * tables.inverse_gain[ideal, i]
    for i in columns:
        out.ahp_sum[q, i] = totals[0, i] * tables.inverse_gains[ideal, i] - totals[1, i]
    for i in columns:
        out.ndcg[q, i] = totals[4, i] * tables.inverse_dcg[ideal, i]
    for i in columns:
        out.ndcg_hierarchical[q, i] = totals[2, i] * tables.inverse_dcg_hierarchical[ideal, i]
