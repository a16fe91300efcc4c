"""The compiled loop that fills the sums from a single ranking, whose beginning is the top k."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part
from core.metrics.lanes import KEPT, LANES, NO_HIT, SUMS, add_ranks
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
    exact_rank, joined = np.full(tables.labels.shape[0], depth, np.int32), np.empty(depth + 1, np.int32)
    gains, hits, kept, totals = lists(depth)
    for q in range(ids.shape[0]):
        c, ideal = query_labels[q], ideal_rows[q]
        before = tables.before[ideal]
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = i
        joined[:] = 0
        found = 0.0
        for i in range(depth):
            item = ids[q, i]
            label = tables.labels[item]
            joined[max(i, exact_rank[item])] += 1  # it is shared from the k on that reaches it in both rankings
            found += label == c
            gains[i], hits[i] = tables.similarity[c, label], found if label == c else found - NO_HIT
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = depth
        shared = block = i = 0
        for column in range(out.ks.shape[0]):
            k = out.ks[column]
            while i < k:
                shared += joined[i]
                i += 1
            add_ranks(gains, hits, before, tables.discount, tables.inverse, kept, block, k, totals)
            block = k // LANES
            write_sums(q, column, ideal, shared, gains, hits, totals, tables, out)


@kernel
def lists(depth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gains and counts of hits of a list of `depth` ranks, room for its running sums and for their totals."""
    room = depth + 2 * LANES
    kept = np.zeros((depth // LANES + 1) * KEPT)
    return np.zeros(room), np.zeros(room), kept, np.empty(SUMS)


@part
def write_sums(
    q: int,
    column: int,
    ideal: int,
    shared: int,
    gains: np.ndarray,
    hits: np.ndarray,
    totals: np.ndarray,
    tables: Tables,
    out: Accumulated,
) -> None:
    """Fill a column of query `q` from the sums over its first k ranks (see `add_ranks`).

    The sum of hp_i is that of the gains, each times the inverse ideal sums from its own rank to k.
    """
    last = out.ks[column] - 1
    found = hits[last]
    out.hits[q, column] = int(found if found > 0 else found + NO_HIT)
    out.ap_sum[q, column] = totals[3]
    out.hp[q, column] = totals[0] * tables.inverse_gain[ideal, last]
    out.hp_first[q, column] = gains[0] * tables.inverse_gain[ideal, 0]
    out.ahp_sum[q, column] = totals[0] * tables.before[ideal, last + 1] - totals[1]
    out.ndcg[q, column] = totals[4] * tables.inverse_dcg[ideal, last]
    out.ndcg_hierarchical[q, column] = totals[2] * tables.inverse_dcg_hierarchical[ideal, last]
    out.shared[q, column] = shared
