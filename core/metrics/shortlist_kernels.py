"""The compiled loop that fills the sums of hashed search, with a shortlist of its own for each k.

A shortlist is ranked by what exact search has already found: the place of an item in the exact ranking is looked up,
and similarities are computed only where fewer than k items of a shortlist stand in the part that is known.
Items that a shortlist holds are marked by their place in the order of the longest shortlist, and sums are kept for
every group of places: from k to k they are computed anew only from the first group that changed.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.metrics.sums import Accumulated, Tables
from core.search.hashed import gathered_products, order_by_similarity
from core.search.masks import lowest_bit

_GROUP = 16  # places to a group
_COUNT, _HITS, _AP, _GAIN, _HP, _DCG, _HDCG, _FIRST = range(8)  # columns of sums; the last is hp at rank 1


@kernel
def shortlist_block(
    queries: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    exact_ids: np.ndarray,
    query_labels: np.ndarray,
    ideal_rows: np.ndarray,
    tables: Tables,
    out: Accumulated,
) -> None:
    """Sums of hashed search at out.ks, each with its own shortlist; see `accumulate_shortlists` and `ranking_block`."""
    depth, longest, known = out.ks[-1], near.shape[1], exact_ids.shape[1]
    rank_of, ranks = np.full(tables.labels.shape[0], known, np.int32), np.empty(longest, np.int32)
    from_rank, from_place = _first_columns(out.ks, depth), _first_columns(shortlists, longest)
    slots, groups = np.zeros(known + longest, np.int32), longest // _GROUP + 1
    present, label_of = np.empty(groups, np.uint32), np.empty(groups * _GROUP, np.int32)
    kept, totals = np.zeros((groups, 8), np.float64), np.empty((out.ks.shape[0], 8), np.float64)
    positions = np.arange(1.0, depth + 1)
    for q in range(queries.shape[0]):
        c, ideal = query_labels[q], ideal_rows[q]
        _look_up(near[q], exact_ids[q], rank_of, ranks)
        last = known  # an item of this rank or beyond cannot be among the k
        short = _last_short(ranks, known, shortlists, out.ks)
        if short:
            _rank_others(queries[q], gallery, near[q], ranks, known, short)
            last = known + longest
        shared = _shared(ranks, from_rank, from_place)
        _close_gaps(ranks, last, slots)
        present[:] = 0
        _add_up(
            ranks, near[q], longest, shortlists, out.ks, c, tables.labels, tables.similarity[c],
            tables.inverse_gain[ideal], tables.discount, positions, present, label_of, kept, totals,
        )  # fmt: skip
        for column in range(out.ks.shape[0]):
            row, last_rank = totals[column], out.ks[column] - 1
            out.hits[q, column] = int(row[_HITS])
            out.ap_sum[q, column] = row[_AP]
            out.hp[q, column] = row[_GAIN] * tables.inverse_gain[ideal, last_rank]
            out.hp_first[q, column] = row[_FIRST]
            out.ahp_sum[q, column] = row[_HP]
            out.ndcg[q, column] = row[_DCG] * tables.inverse_dcg[ideal, last_rank]
            out.ndcg_hierarchical[q, column] = row[_HDCG] * tables.inverse_dcg_hierarchical[ideal, last_rank]
            out.shared[q, column] = shared[column]


@kernel
def _add_up(
    ranks: np.ndarray,
    near: np.ndarray,
    last: int,
    shortlists: np.ndarray,
    ks: np.ndarray,
    c: int,
    labels: np.ndarray,
    similarity: np.ndarray,
    inverse_gain: np.ndarray,
    discount: np.ndarray,
    positions: np.ndarray,
    present: np.ndarray,
    label_of: np.ndarray,
    kept: np.ndarray,
    totals: np.ndarray,
) -> None:
    """One query's sums at each k into `totals` (K, 8), over the first k places that are taken, in their order.

    kept[g] are the sums over the groups before g, right up to the first group that changed since. Unsigned indices are
    not checked for being negative, in a loop where that takes a third of the time.
    """
    j, group, one = np.uint64(0), np.uint64(0), np.uint64(1)
    bits = np.uint64(_GROUP)
    for column in range(ks.shape[0]):
        while j < np.uint64(shortlists[column]):
            rank = np.uint64(ranks[j])
            if rank < np.uint64(last):
                present[rank // bits] |= np.uint32(one << rank % bits)
                label_of[rank] = labels[near[j]]
                group = min(group, rank // bits)
            j += one
        k, row = np.uint64(ks[column]), kept[group]
        count, found, ap, gain = np.uint64(row[_COUNT]), row[_HITS], row[_AP], row[_GAIN]
        hp, dcg, hdcg, first = row[_HP], row[_DCG], row[_HDCG], row[_FIRST]
        while True:
            mask, start = np.uint64(present[group]), group * bits
            while mask != 0 and count < k:
                label = np.uint64(label_of[start + np.uint64(lowest_bit(mask))])
                mask &= mask - one
                s, relevant = similarity[label], 1.0 if label == np.uint64(c) else 0.0
                found += relevant
                ap += relevant * found / positions[count]
                dcg += relevant * discount[count]
                gain += s
                hp += gain * inverse_gain[count]
                hdcg += s * discount[count]
                if count == 0:
                    first = hp
                count += one
            if count == k:
                break
            group += one
            _keep(kept[group], count, found, ap, gain, hp, dcg, hdcg, first)
        _keep(totals[column], count, found, ap, gain, hp, dcg, hdcg, first)


@kernel
def _keep(
    row: np.ndarray,
    count: int,
    found: float,
    ap: float,
    gain: float,
    hp: float,
    dcg: float,
    hdcg: float,
    first: float,
) -> None:
    row[_COUNT], row[_HITS], row[_AP], row[_GAIN] = count, found, ap, gain
    row[_HP], row[_DCG], row[_HDCG], row[_FIRST] = hp, dcg, hdcg, first


@kernel
def _look_up(near: np.ndarray, exact_ids: np.ndarray, rank_of: np.ndarray, ranks: np.ndarray) -> None:
    """Exact ranks of `near` into `ranks`, the depth of `exact_ids` where it is deeper; `rank_of` (N,) is all that."""
    known = exact_ids.shape[0]
    for i in range(known):
        rank_of[exact_ids[i]] = i
    for j in range(near.shape[0]):
        ranks[j] = rank_of[near[j]]
    for i in range(known):
        rank_of[exact_ids[i]] = known


@kernel
def _last_short(ranks: np.ndarray, known: int, shortlists: np.ndarray, ks: np.ndarray) -> int:
    """The length of the last shortlist that has fewer than its k items among those of known rank; 0: there is none."""
    count, j, short = 0, 0, 0
    for column in range(ks.shape[0]):
        while j < shortlists[column]:
            count += ranks[j] < known
            j += 1
        if count < ks[column]:
            short = shortlists[column]
    return short


@kernel
def _rank_others(
    query: np.ndarray, gallery: np.ndarray, near: np.ndarray, ranks: np.ndarray, known: int, short: int
) -> None:
    """Give the items whose exact rank is not known the ranks after it, by (similarity descending, index ascending).

    Those beyond the first `short` are among no shortlist that needs them: theirs is past every other.
    """
    others = np.flatnonzero(ranks[:short] == known)
    ids = near[others]
    products = np.empty(ids.shape[0], np.float64)
    gathered_products(query, gallery, ids, products)
    order = order_by_similarity(products, ids)
    for place in range(order.shape[0]):
        ranks[others[order[place]]] = known + place
    for j in range(short, ranks.shape[0]):
        if ranks[j] == known:
            ranks[j] = known + ranks.shape[0]


@kernel
def _shared(ranks: np.ndarray, from_rank: np.ndarray, from_place: np.ndarray) -> np.ndarray:
    """Items shared with the exact top k at each column: one is, from the column on that reaches its exact rank and
    whose shortlist reaches its place in it."""
    shared = np.zeros(from_rank[-1] + 2, np.int64)
    for j in range(ranks.shape[0]):
        if ranks[j] < from_rank.shape[0]:
            shared[max(from_rank[ranks[j]], from_place[j])] += 1
    return np.cumsum(shared)


@kernel
def _close_gaps(ranks: np.ndarray, last: int, slots: np.ndarray) -> None:
    """Turn ranks below `last` into places in their own order, from 0, and the others into the number of ranks.

    `slots` (> the largest rank,) is all 0.
    """
    for j in range(ranks.shape[0]):
        if ranks[j] < last:
            slots[ranks[j]] = j + 1
        ranks[j] = ranks.shape[0]
    place = 0
    for rank in range(last):
        if slots[rank]:
            ranks[slots[rank] - 1] = place
            slots[rank] = 0
            place += 1


@kernel
def _first_columns(bounds: np.ndarray, count: int) -> np.ndarray:
    """For each i in 0..count-1 the first column whose bound is above i."""
    first = np.empty(count, np.int64)
    column = 0
    for i in range(count):
        while bounds[column] <= i:
            column += 1
        first[i] = column
    return first
