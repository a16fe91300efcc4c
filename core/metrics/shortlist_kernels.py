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
from core.metrics.lanes import LANES, NO_HIT, add_ranks, count_after, insert
from core.metrics.shortlist_ranks import last_short, look_up, rank_others
from core.metrics.sums import Accumulated, Tables
from core.search.masks import highest_bit, lowest_bit
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
    depth, longest, known = out.ks[-1], shortlists[-1], exact_ids.shape[1]
    rank_of, ranks = np.full(tables.labels.shape[0], known, np.int32), np.empty(longest, np.int32)
    columns, shared = _first_columns(out.ks, depth), np.empty(out.ks.shape[0] + 1, np.int32)
    labels, new = np.empty(longest, np.int32), np.empty(longest, np.int32)
    present, below = np.empty((known + longest) // 64 + 1, np.uint64), np.empty(0, np.int64)
    gains, hits, kept, totals = lists(depth)
    for q in range(queries.shape[0]):
        c, ideal, near_of = query_labels[q], ideal_rows[q], near[q]
        similarity, before = tables.similarity[c], tables.before[ideal]
        look_up(near_of, exact_ids[q], tables.labels, rank_of, ranks, labels)
        limit = known  # an item of this rank or beyond cannot be among the k
        short = last_short(ranks, known, shortlists, out.ks)
        if short:
            rank_others(queries[q], gallery, near_of, ranks, known, short)
            limit = known + longest
        below = _cleared(below, limit)
        shared[:], present[:] = 0, 0
        count = j = both = block = 0
        for column in range(out.ks.shape[0]):
            k, added = out.ks[column], 0
            while j < shortlists[column]:
                rank = ranks[j]
                shared[max(columns[min(rank, depth)], column)] += 1  # from where the exact top k holds it, too
                new[added] = j
                added += rank < limit
                j += 1
            both += shared[column]
            if added > _FEW:
                count, limit, block = _merge(
                    new[:added], ranks, labels, c, similarity, present, below, gains, hits, count, limit, depth
                )
            else:
                count, limit, block = _insert_each(
                    new[:added], ranks, labels, c, similarity, present, below, gains, hits, count, limit, depth, block
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
    gains: np.ndarray,
    hits: np.ndarray,
    count: int,
    limit: int,
    most: int,
    block: int,
) -> tuple[int, int, int]:
    """Insert a few items, places `new`, into the lists of the best, at most `most`.

    Returns how many these then hold, the rank that a later item must be below, and the first block that changed or
    `block` if that is before. `present` are the ranks held, a bit each, and below[w] how many stand in words before w.
    """
    for i in range(new.shape[0]):
        rank, label = ranks[new[i]], labels[new[i]]
        if rank < limit:
            word, bit = rank >> 6, np.uint64(1) << np.uint64(rank & 63)
            place = below[word] + popcount(present[word] & (bit - np.uint64(1)))
            present[word] |= bit
            count_after(below, word)
            hit = 1.0 if label == c else 0.0
            found = hits[place - 1] if place else 0.0
            found += NO_HIT * (found < 0) + hit - NO_HIT * (1.0 - hit)
            last = min(count, most - 1)
            insert(gains, hits, place, last, similarity[label], found, hit)
            if count >= most - 1:  # the list is full: the last one held is the limit, and what was it has left
                limit = _before(present, limit)
            count, block = last + 1, min(block, place // LANES)
    return count, limit, block


@part
def _before(present: np.ndarray, rank: int) -> int:
    """The largest rank held below `rank`, of which there is one."""
    word = rank >> 6
    held = present[word] & ((np.uint64(1) << np.uint64(rank & 63)) - np.uint64(1))
    while held == 0:
        word -= 1
        held = present[word]
    return (word << 6) + highest_bit(held)


@kernel
def _cleared(below: np.ndarray, limit: int) -> np.ndarray:
    """Counts int64 of 0, one for each 64 ranks below `limit` and some more, in `below` where it has that length."""
    length = (limit // 64 // LANES + 1) * LANES
    if below.shape[0] != length:
        return np.zeros(length, np.int64)
    below[:] = 0
    return below


@kernel
def _merge(
    new: np.ndarray,
    ranks: np.ndarray,
    labels: np.ndarray,
    c: int,
    similarity: np.ndarray,
    present: np.ndarray,
    below: np.ndarray,
    gains: np.ndarray,
    hits: np.ndarray,
    count: int,
    limit: int,
    most: int,
) -> tuple[int, int, int]:
    """Merge many items, places `new`, into the lists of the best; else as `_insert_each`."""
    new = new[np.argsort(ranks[new])]
    old_gains, old_hits = gains[:count].copy(), hits[:count] > 0
    old = np.empty(count + 1, np.int64)  # their ranks, then one past all
    old[count] = limit
    i = word = 0
    while i < count:
        held = present[word]
        while held != 0 and i < count:
            old[i] = (word << 6) + lowest_bit(held)
            held &= held - np.uint64(1)
            i += 1
        word += 1
    i = j = kept = 0
    found, last = 0.0, limit
    while kept < most and (i < count or j < new.shape[0]):
        if j == new.shape[0] or old[i] < ranks[new[j]]:
            last, gain, hit = old[i], old_gains[i], old_hits[i]
            i += 1
        else:
            label = labels[new[j]]
            last, gain, hit = np.int64(ranks[new[j]]), similarity[label], label == c
            j += 1
        found += hit
        gains[kept], hits[kept] = gain, found if hit else found - NO_HIT
        kept += 1
    for j in range(new.shape[0]):
        present[ranks[new[j]] >> 6] |= np.uint64(1) << np.uint64(ranks[new[j]] & 63)
    total = 0
    for word in range(below.shape[0]):
        below[word] = total
        if word < present.shape[0]:
            total += popcount(present[word])
    return kept, last if kept == most else limit, 0


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
