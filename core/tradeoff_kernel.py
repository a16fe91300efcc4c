"""The compiled loop of the trade-off grid: one k, many shortlists, judged in one walk down the exact ranking."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.metrics.sums import Accumulated, Tables


@kernel
def walk_block(
    order: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    query_labels: np.ndarray,
    ideal_rows: np.ndarray,
    tables: Tables,
    out: Accumulated,
) -> None:
    """Fill column c of `out` with the sums of the first k items of `order` that lie in shortlist c.

    `order` int32 (Q, size) is the whole exact ranking; `near` int32 (Q, longest) the Hamming ranking as far as the
    longest shortlist that is not the whole gallery; `shortlists` int64 (S,) ascends, each at least k. An item
    belongs to every shortlist from the first that reaches its Hamming rank on, so one walk serves them all.
    """
    columns, k, size, longest = shortlists.shape[0], out.ks[0], order.shape[1], near.shape[1]
    outside = 0  # the first shortlist that holds what is not in `near`
    while outside < columns and shortlists[outside] <= longest:
        outside += 1
    level = np.full(tables.labels.shape[0], outside, np.int64)
    filled, shared = np.empty(columns, np.int64), np.empty(columns, np.int64)
    found = np.empty(columns, np.int64)
    sums = np.empty((columns, 5), np.float64)  # ap, gain, hp, dcg, hierarchical dcg
    for q in range(order.shape[0]):
        c, ideal = query_labels[q], ideal_rows[q]
        column = 0
        for j in range(longest):
            while shortlists[column] <= j:
                column += 1
            level[near[q, j]] = column
        filled[:], shared[:], found[:], sums[:] = 0, 0, 0, 0.0
        for rank in range(size):
            item = order[q, rank]
            first = level[item]
            label = tables.labels[item]
            s = tables.similarity[c, label]
            for m in range(first, columns):
                i = filled[m]
                if i == k:
                    break  # every longer list is full too
                if rank < k:
                    shared[m] += 1
                if i == 0:
                    out.hp_first[q, m] = s * tables.inverse_gain[ideal, 0]
                if label == c:
                    found[m] += 1
                    sums[m, 0] += found[m] / (i + 1)
                    sums[m, 3] += tables.discount[i]
                sums[m, 1] += s
                sums[m, 2] += sums[m, 1] * tables.inverse_gain[ideal, i]
                sums[m, 4] += s * tables.discount[i]
                filled[m] = i + 1
            if filled[0] == k:
                break  # the shortest list is the last to fill
        _write_row(q, ideal, found, shared, sums, tables, out)
        for j in range(longest):
            level[near[q, j]] = outside


@kernel
def _write_row(
    q: int, ideal: int, found: np.ndarray, shared: np.ndarray, sums: np.ndarray, tables: Tables, out: Accumulated
) -> None:
    """Row q of `out` from its sums: columns ap, gain, hp, dcg, hierarchical dcg."""
    k = out.ks[0]
    for m in range(found.shape[0]):
        out.hits[q, m] = found[m]
        out.ap_sum[q, m] = sums[m, 0]
        out.hp[q, m] = sums[m, 1] * tables.inverse_gain[ideal, k - 1]
        out.ahp_sum[q, m] = sums[m, 2]
        out.ndcg[q, m] = sums[m, 3] * tables.inverse_dcg[ideal, k - 1]
        out.ndcg_hierarchical[q, m] = sums[m, 4] * tables.inverse_dcg_hierarchical[ideal, k - 1]
        out.shared[q, m] = shared[m]
