"""The compiled loop that fills the sums from a single ranking, whose beginning is the top k."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
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
    exact_rank = np.full(tables.labels.shape[0], depth, np.int64)
    joined = np.zeros(depth + 1, np.int64)
    for q in range(ids.shape[0]):
        c, ideal = query_labels[q], ideal_rows[q]
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = i
        joined[:] = 0
        for i in range(depth):  # an item is shared from the k on that reaches it in both rankings
            joined[max(i, exact_rank[ids[q, i]])] += 1
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = depth
        found, both, column = 0, 0, 0
        ap_sum = gain = ahp_sum = dcg = dcg_hierarchical = 0.0
        first = tables.similarity[c, tables.labels[ids[q, 0]]] * tables.inverse_gain[ideal, 0]
        for i in range(depth):
            label = tables.labels[ids[q, i]]
            s = tables.similarity[c, label]
            if label == c:
                found += 1
                ap_sum += found / (i + 1)
                dcg += tables.discount[i]
            gain += s
            dcg_hierarchical += s * tables.discount[i]
            ahp_sum += gain * tables.inverse_gain[ideal, i]
            both += joined[i]
            if i + 1 == out.ks[column]:
                out.hits[q, column] = found
                out.ap_sum[q, column] = ap_sum
                out.hp[q, column] = gain * tables.inverse_gain[ideal, i]
                out.hp_first[q, column] = first
                out.ahp_sum[q, column] = ahp_sum
                out.ndcg[q, column] = dcg * tables.inverse_dcg[ideal, i]
                out.ndcg_hierarchical[q, column] = dcg_hierarchical * tables.inverse_dcg_hierarchical[ideal, i]
                out.shared[q, column] = both
                column += 1
