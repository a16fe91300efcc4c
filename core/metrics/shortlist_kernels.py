"""The compiled loop that fills the sums of hashed search, with a shortlist of its own for each k.

A shortlist is ranked by what exact search has already found: the place of an item in the exact ranking is looked up,
and similarities are computed only where fewer than k items of a shortlist stand in the part that is known.
The list of the best k is kept from k to k: an item that comes into it is inserted, and the sums are computed anew only
from the first block of ranks that changed. What a shortlist holds beyond its best k is a bit for each rank.
Places that are never negative are given as unsigned: otherwise each would be tested, to count from an array's end.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part
from core.metrics.accumulate_kernels import lists, write_sums
from core.metrics.aligned import copied_by_line, zeros_by_line
from core.metrics.lanes import KEPT, LANES, NO_HIT, SUMS, add_ranks, insert
from core.metrics.shortlist_ranks import last_short, look_up, rank_others
from core.metrics.sums import Accumulated, Tables
from core.search.masks import SPARE, find_up_to, highest_bit, lowest_bit
from core.search.popcount import popcount

_FEW = 32  # new items up to which each is inserted by itself; of more the list is made anew


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
    stamps, ranks = np.zeros(tables.labels.shape[0], np.uint32), np.empty(longest, np.int32)
    stamp, item_at = 0, np.empty(known + longest, np.int32)
    present, best = np.empty((known + longest) // 64 + 1, np.uint64), np.empty(longest + SPARE, np.int32)
    columns, arrivals = _first_columns(out.ks, depth), _first_columns(shortlists, longest)
    before, kept = zeros_by_line(tables.before.shape[1]), zeros_by_line((depth // LANES + 1) * KEPT)
    discount, inverse = copied_by_line(tables.discount), copied_by_line(tables.inverse)
    (gains, hits), totals, counted = lists(depth), np.empty((SUMS, out.ks.shape[0])), np.empty(out.ks.shape[0])
    for q in range(queries.shape[0]):
        c, ideal, near_of = query_labels[q], ideal_rows[q], near[q]
        similarity, before[:] = tables.similarity[c], tables.before[ideal]
        stamp = look_up(near_of, exact_ids[q], stamps, stamp, ranks)
        _count_shared(ranks, depth, columns, arrivals, best, out.shared[q])
        item_at[:known] = exact_ids[q]
        short = last_short(ranks, known, shortlists, out.ks)
        if short:
            rank_others(queries[q], gallery, near_of, ranks, item_at, known, short)
        present[:] = 0
        held, last, j = 0, -1, 0
        for column in range(out.ks.shape[0]):
            k, end, block = out.ks[column], shortlists[column], held // LANES
            if end - j > _FEW:
                held, last, block = 0, -1, 0
            while j < end:
                rank = np.int64(ranks[np.uint64(j)])
                if rank < last:
                    label = _label(rank, item_at, tables.labels)
                    hit = 1.0 if label == c else 0.0
                    place = _insert(rank, similarity[np.uint64(label)], hit, present, gains, hits, min(held, k - 1))
                    if held == k:  # what was the last one of the list has left it
                        last = max(rank, _before(present, last))
                    held, block = min(held + 1, k), min(block, place // LANES)
                present[np.uint64(rank >> 6)] |= np.uint64(1) << np.uint64(rank & 63)
                j += 1
            held, last = k, _append(k, present, item_at, tables.labels, c, similarity, gains, hits, held, last)
            add_ranks(gains, hits, before, discount, inverse, kept, block, k, totals, column)
            counted[column], out.hp_first[q, column] = hits[k - 1], gains[0] * before[1]
        write_sums(q, ideal, counted, totals, tables, out)


@kernel
def _count_shared(
    ranks: np.ndarray,
    depth: int,
    columns: np.ndarray,
    arrivals: np.ndarray,
    best: np.ndarray,
    shared: np.ndarray,
) -> None:
    """How many items the exact top k and the shortlist share, by column, into `shared` int32 (K,).

    `ranks` are the items' exact ranks and `arrivals` the columns whose shortlists hold them first; `columns` are those
    whose k is first above a rank. `best` int32 is scratch.
    """
    shared[:] = 0
    for i in range(find_up_to(ranks, np.int32(depth - 1), best)):
        j = np.uint64(best[i])
        shared[np.uint64(max(columns[np.uint64(ranks[j])], arrivals[j]))] += 1
    for column in range(1, shared.shape[0]):
        shared[column] += shared[column - 1]


@part
def _insert(
    rank: int, gain: float, hit: float, present: np.ndarray, gains: np.ndarray, hits: np.ndarray, last: int
) -> int:
    """Insert an item into the lists of the best, up to the place `last`; returns its own place."""
    word, place = rank >> 6, 0
    for before in range(word):
        place += popcount(present[np.uint64(before)])
    place += popcount(present[np.uint64(word)] & ((np.uint64(1) << np.uint64(rank & 63)) - np.uint64(1)))
    insert(gains, hits, place, last, gain, _counted(hits, place, hit), hit)
    return place


@part
def _append(
    k: int,
    present: np.ndarray,
    item_at: np.ndarray,
    labels: np.ndarray,
    c: int,
    similarity: np.ndarray,
    gains: np.ndarray,
    hits: np.ndarray,
    held: int,
    last: int,
) -> int:
    """Let the lists of the best hold `k` items, not `held` up to the rank `last`; returns the rank of the last."""
    for place in range(held, k):
        last = _after(present, last)
        label = _label(last, item_at, labels)
        hit = _counted(hits, place, 1.0 if label == c else 0.0)
        # Written as a whole block: the sums are to read it next, and would wait for a single place to reach the cache.
        insert(gains, hits, place, place, similarity[np.uint64(label)], hit, 0.0)
    return last


@part
def _label(rank: int, item_at: np.ndarray, labels: np.ndarray) -> int:
    """The label of the item of an exact rank."""
    return labels[np.uint64(item_at[np.uint64(rank)])]


@part
def _counted(hits: np.ndarray, place: int, hit: float) -> float:
    """What `hits` has to say of an item at a place, from the place before: 1.0 for a hit, 0.0 for none."""
    found = hits[np.uint64(place - 1)] if place else 0.0
    more = 1.0 if hit > 0 else -NO_HIT
    return found + (more if found >= 0 else NO_HIT + more)


@part
def _before(present: np.ndarray, rank: int) -> int:
    """The largest rank present below `rank`, -1 for none."""
    word = rank >> 6
    held = present[np.uint64(word)] & ((np.uint64(1) << np.uint64(rank & 63)) - np.uint64(1))
    while held == 0 and word > 0:
        word -= 1
        held = present[np.uint64(word)]
    return (word << 6) + highest_bit(held) if held != 0 else -1


@part
def _after(present: np.ndarray, rank: int) -> int:
    """The smallest rank present above `rank`, of which there is one."""
    word = (rank + 1) >> 6
    held = present[np.uint64(word)] & (~np.uint64(0) << np.uint64((rank + 1) & 63))
    while held == 0:
        word += 1
        held = present[np.uint64(word)]
    return (word << 6) + lowest_bit(held)


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
