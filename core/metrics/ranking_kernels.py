"""The compiled loops that judge a ranking: sums rank by rank, and from them those of each k."""

from __future__ import annotations

import numpy as np

from core.metrics.sums import (
    AHP_SUM,
    AP_PER_HIT,
    AP_SUM,
    HITS,
    HP,
    HP_AREA,
    NDCG,
    NDCG_HIERARCHICAL,
    SHARED,
)  # fmt: skip
from core.metrics.tables import Tables
from core.runtime.compiled import kernel, part

# Columns of the running totals: after i ranks, row i holds the sums over these ranks of
RUNNING = 6
_FOUND, _PRECISION, _GAIN, _HP, _DCG, _DCG_HIERARCHICAL = range(RUNNING)


@kernel
def ranking_block(
    ids: np.ndarray,
    exact_ids: np.ndarray,
    query_labels: np.ndarray,
    ideal_rows: np.ndarray,
    tables: Tables,
    ks: np.ndarray,
    out: np.ndarray,
) -> None:
    """Sums of rankings `ids` int32 (Q, >= depth), whose beginnings are the top k, into `out` float64 (Q, S, K).

    `exact_ids` int32 likewise; `query_labels` and `ideal_rows` int64 (Q,): the queries' classes and their rows of the
    ideal sums; the depth is the last one of `ks` int64 (K,).
    """
    depth = ks[-1]
    exact_rank, order = np.full(tables.labels.shape[0], depth, np.uint32), np.arange(depth).astype(np.uint32)
    gains, hits = np.empty(depth), np.empty(depth)
    shared, totals = np.empty(depth + 1), np.zeros((depth + 1, RUNNING))
    for q in range(ids.shape[0]):
        own = query_labels[q]
        shared[:] = 0.0
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = i
        for i in range(depth):
            label = tables.labels[ids[q, i]]
            gains[i] = tables.similarity[own, label]
            hits[i] = 1.0 if label == own else 0.0
            shared[max(np.uint32(i), exact_rank[ids[q, i]])] += 1.0  # from the k on that reaches it in both
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = depth
        for i in range(1, depth):
            shared[i] += shared[i - 1]
        inverse_ideal = tables.inverse_ideal[:, ideal_rows[q]].copy()
        mine = out[q]
        add_ranks(order, gains, hits, inverse_ideal, tables.by_rank, 0, depth, totals)
        for column in range(ks.shape[0]):
            write_sums(totals, ks[column], inverse_ideal, mine, column)
            mine[SHARED, column] = shared[ks[column] - 1]


@part
def add_ranks(
    order: np.ndarray,
    gains: np.ndarray,
    hits: np.ndarray,
    inverse_ideal: np.ndarray,
    by_rank: np.ndarray,
    first: int,
    end: int,
    totals: np.ndarray,
) -> None:
    """Fill the rows of `totals` float64 (> end, RUNNING) after `first`, which is filled, up to `end`.

    The item at rank i (from 0) has the class similarity gains[order[i]] and the relevance hits[order[i]], 1 or 0;
    `inverse_ideal` float64 (3, depth) are the query's inverted ideal sums, `by_rank` as in `Tables`.
    """
    found, precision, gain = totals[first, _FOUND], totals[first, _PRECISION], totals[first, _GAIN]
    hp, dcg, dcg_hierarchical = totals[first, _HP], totals[first, _DCG], totals[first, _DCG_HIERARCHICAL]
    for rank in range(first, end):
        i = np.uint64(rank)  # an index that could be negative would be tested for it, six times
        similarity, hit = gains[order[i]], hits[order[i]]
        found += hit
        precision += hit * found * by_rank[1, i]
        gain += similarity
        hp += gain * inverse_ideal[0, i]
        dcg += hit * by_rank[0, i]
        dcg_hierarchical += similarity * by_rank[0, i]
        i += np.uint64(1)
        totals[i, _FOUND], totals[i, _PRECISION], totals[i, _GAIN] = found, precision, gain
        totals[i, _HP], totals[i, _DCG], totals[i, _DCG_HIERARCHICAL] = hp, dcg, dcg_hierarchical


@part
def write_sums(totals: np.ndarray, k: int, inverse_ideal: np.ndarray, out: np.ndarray, column: int) -> None:
    """The sums at k into a column of `out` float64 (S, K), from the running totals; all but those shared."""
    ranks = np.uint64(k)  # unsigned for the same reason as in `add_ranks`
    last = ranks - np.uint64(1)
    found, precision, hp_sum = totals[ranks, _FOUND], totals[ranks, _PRECISION], totals[ranks, _HP]
    hp = totals[ranks, _GAIN] * inverse_ideal[0, last]
    out[HITS, column] = found
    out[AP_SUM, column] = precision
    out[AP_PER_HIT, column] = precision / max(found, 1.0)
    out[HP, column] = hp
    out[AHP_SUM, column] = hp_sum
    out[HP_AREA, column] = hp_sum - (totals[1, _HP] + hp) / 2.0  # at rank 1 the sum is hp_1
    out[NDCG, column] = totals[ranks, _DCG] * inverse_ideal[1, last]
    out[NDCG_HIERARCHICAL, column] = totals[ranks, _DCG_HIERARCHICAL] * inverse_ideal[2, last]
