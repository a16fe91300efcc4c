"""The compiled loop that fills the sums of hashed search, with a shortlist of its own for each k.

A shortlist is ranked by what exact search has already found: the place of an item in the exact ranking is looked up,
and similarities are computed only where fewer than k items of a shortlist stand in the part that is known.
From k to k the list of the best is kept: the few new items are merged into it, and the sums are computed anew only
from the first block of ranks that changed.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part
from core.metrics.accumulate_kernels import lists, write_sums
from core.metrics.lanes import LANES, NO_HIT, add_ranks, insert
from core.metrics.sums import Accumulated, Tables
from core.search.hashed import gathered_products, order_by_similarity
from core.search.popcount import popcount

_FEW = 32  # new items up to which each is inserted by itself


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
    columns, shared = _first_columns(out.ks, depth), np.empty(out.ks.shape[0] + 1, np.int32)
    labels, new = np.empty(longest, np.int32), np.empty(longest, np.int32)
    present, below = np.zeros((known + longest) // 64 + 1, np.uint64), np.zeros((known + longest) // 64 + 2, np.int32)
    gains, hits, kept, totals = lists(depth)
    held = np.zeros_like(gains)
    for q in range(queries.shape[0]):
        c, ideal, near_of = query_labels[q], ideal_rows[q], near[q]
        similarity, before = tables.similarity[c], tables.before[ideal]
        _look_up(near_of, exact_ids[q], tables.labels, rank_of, ranks, labels)
        last = known  # an item of this rank or beyond cannot be among the k
        short = _last_short(ranks, known, shortlists, out.ks)
        if short:
            _rank_others(queries[q], gallery, near_of, ranks, known, short)
            last = known + longest
        shared[:], present[:], below[:] = 0, 0, 0
        count = j = both = block = 0
        for column in range(out.ks.shape[0]):
            k, added = out.ks[column], 0
            limit = last if count < depth else int(held[depth - 1])
            while j < shortlists[column]:
                rank = ranks[j]
                shared[max(columns[min(rank, depth)], column)] += 1  # from where the exact top k holds it, too
                new[added] = j
                added += rank < limit
                j += 1
            both += shared[column]
            if added > _FEW:
                order = new[:added][np.argsort(ranks[new[:added]])]
                count = _merge(order, ranks, labels, c, similarity, present, below, held, gains, hits, count, depth)
                block = 0
            else:
                count, block = _insert_each(
                    new[:added], ranks, labels, c, similarity, present, below, held, gains, hits, count, depth, block
                )
            add_ranks(gains, hits, before, tables.discount, tables.inverse, kept, block, k, totals)
            block = k // LANES
            write_sums(q, column, ideal, both, gains, hits, totals, tables, out)


@part
def _insert_each(
    new: np.ndarray,
    ranks: np.ndarray,
    labels: np.ndarray,
    c: int,
    similarity: np.ndarray,
    present: np.ndarray,
    below: np.ndarray,
    held: np.ndarray,
    gains: np.ndarray,
    hits: np.ndarray,
    count: int,
    most: int,
    block: int,
) -> tuple[int, int]:
    """Insert a few items, places `new`, into the lists of the best; how many these then hold, and the first block that
    changed or `block` if that is before."""
    for i in range(new.shape[0]):
        rank, label = ranks[new[i]], labels[new[i]]
        place = _place(present, below, rank)
        if place < most:
            hit = 1.0 if label == c else 0.0
            found = hits[place - 1] if place else 0.0
            found += NO_HIT * (found < 0) + hit - NO_HIT * (1.0 - hit)
            last = min(count, most - 1)
            insert(held, gains, hits, place, last, rank, similarity[label], found, hit)
            count, block = last + 1, min(block, place // LANES)
    return count, block


@part
def _place(present: np.ndarray, below: np.ndarray, rank: int) -> int:
    """Mark a rank as held, a bit of `present`; how many lower ones are. below[w] are those in words before w."""
    word, bit = rank >> 6, np.uint64(1) << np.uint64(rank & 63)
    place = below[word] + popcount(present[word] & (bit - np.uint64(1)))
    present[word] |= bit
    later = below[word + 1 :]
    for i in range(later.shape[0]):
        later[i] += 1
    return place


@kernel
def _merge(
    new: np.ndarray,
    ranks: np.ndarray,
    labels: np.ndarray,
    c: int,
    similarity: np.ndarray,
    present: np.ndarray,
    below: np.ndarray,
    held: np.ndarray,
    gains: np.ndarray,
    hits: np.ndarray,
    count: int,
    most: int,
) -> int:
    """Merge many items, places `new` by ascending rank, into the lists of the best; how many these then hold."""
    old = held[:count].copy(), gains[:count].copy(), hits[:count] > 0
    i = j = held_now = 0
    found = 0.0
    while held_now < most and (i < count or j < new.shape[0]):
        if j == new.shape[0] or (i < count and old[0][i] < ranks[new[j]]):
            rank, gain, hit = old[0][i], old[1][i], old[2][i]
            i += 1
        else:
            label = labels[new[j]]
            rank, gain, hit = np.float64(ranks[new[j]]), similarity[label], label == c
            j += 1
        found += hit
        held[held_now], gains[held_now], hits[held_now] = rank, gain, found if hit else found - NO_HIT
        held_now += 1
    for j in range(new.shape[0]):
        present[ranks[new[j]] >> 6] |= np.uint64(1) << np.uint64(ranks[new[j]] & 63)
    for word in range(present.shape[0]):
        below[word + 1] = below[word] + popcount(present[word])
    return held_now


@kernel
def _look_up(
    near: np.ndarray,
    exact_ids: np.ndarray,
    label_of: np.ndarray,
    rank_of: np.ndarray,
    ranks: np.ndarray,
    labels: np.ndarray,
) -> None:
    """Exact ranks of `near` into `ranks`, the depth of `exact_ids` where it is deeper, and labels into `labels`.

    `label_of` (N,) are all labels; `rank_of` (N,) is the depth everywhere.
    """
    known = exact_ids.shape[0]
    for i in range(known):
        rank_of[exact_ids[i]] = i
    for j in range(near.shape[0]):
        ranks[j] = rank_of[near[j]]
        labels[j] = label_of[near[j]]
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
def _first_columns(ks: np.ndarray, depth: int) -> np.ndarray:
    """For each rank 0..depth - 1 the first column whose k is above it; for `depth` the number of columns."""
    first = np.empty(depth + 1, np.int32)
    column = 0
    for rank in range(depth):
        while ks[column] <= rank:
            column += 1
        first[rank] = column
    first[depth] = ks.shape[0]
    return first
