"""The compiled loop that judges hashed search, where each k has a shortlist and so a ranking of its own.

From one k to the next the shortlist only grows, so the list of its best is kept and the newcomers are inserted.
Everything is told by exact ranks, the places of the items in the exact ranking of the gallery. An example with
multiplier 2, where the items of nearest code have the exact ranks 4, 0, 7, 2, 3, 9, ...:

     k  shortlist      newcomers  best k     changed from
     1  4 0            4 0        0          rank 0
     2  4 0 7 2        7 2        0 2        rank 1: 2 is inserted after 0
     3  4 0 7 2 3 9    3 9        0 2 3      rank 2: 3 comes after the last, and 9 has no place among three

At k = 2 the list [0] takes in 2, then 4 is too many and is dropped. What is dropped or comes too late stays noted in
`present`: as the list grows it is filled up with the next rank present. The running totals are computed anew only
from the first rank that changed.
"""

from __future__ import annotations

import numpy as np

from core.metrics.ranking_kernels import RUNNING, add_ranks, write_sums
from core.metrics.sums import SHARED
from core.metrics.tables import Tables
from core.runtime.compiled import kernel, part
from core.search.products import gathered_products
from core.search.select import sort_pairs


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
    ks: np.ndarray,
    out: np.ndarray,
) -> None:
    """Sums of hashed search into `out` float64 (Q, S, K); see `accumulate_shortlists` and `ranking_block`."""
    depth, longest, known = ks[-1], shortlists[-1], exact_ids.shape[1]
    rank_of, ranks = np.full(tables.labels.shape[0], known, np.uint32), np.empty(longest, np.uint32)
    present, best = np.empty(known + longest + 1, np.bool_), np.empty(depth, np.uint32)
    gains, hits = np.empty(known + longest + 1), np.empty(known + longest + 1)
    totals, columns = np.zeros((depth + 1, RUNNING)), first_columns(ks)
    for q in range(queries.shape[0]):
        own = query_labels[q]
        look_up(near, exact_ids, q, rank_of, ranks)
        rank_others(queries[q], gallery, near[q], ranks, rank_of, known, last_short(ranks, known, shortlists, ks))
        for j in range(longest):
            label = tables.labels[near[q, j]]
            gains[ranks[j]] = tables.similarity[own, label]
            hits[ranks[j]] = 1.0 if label == own else 0.0
        inverse_ideal = tables.inverse_ideal[:, ideal_rows[q]].copy()
        mine = out[q]
        present[:] = False
        mine[SHARED] = 0.0
        held, seen = 0, 0
        for column in range(ks.shape[0]):
            k, changed = ks[column], held
            while seen < shortlists[column]:
                rank = ranks[seen]
                present[rank] = True
                if rank < depth:  # shared from the k on that reaches it in the exact ranking, too
                    mine[SHARED, max(columns[rank], column)] += 1.0
                if held > 0 and rank < best[held - 1]:
                    held = min(held + 1, k)
                    changed = min(changed, insert(rank, best, held))
                seen += 1
            held = fill_up(best, held, k, present)
            add_ranks(best, gains, hits, inverse_ideal, tables.by_rank, changed, k, totals)
            write_sums(totals, k, inverse_ideal, mine, column)
        for column in range(1, ks.shape[0]):
            mine[SHARED, column] += mine[SHARED, column - 1]


@part
def look_up(near: np.ndarray, exact_ids: np.ndarray, q: int, rank_of: np.ndarray, ranks: np.ndarray) -> None:
    """The exact ranks of the items near[q] into `ranks` uint32 (M,): the depth of `exact_ids` where they are not known,
    as in `rank_of` uint32 (N,) before and after."""
    known = exact_ids.shape[1]
    for i in range(known):
        rank_of[exact_ids[q, i]] = i
    for j in range(ranks.shape[0]):
        ranks[j] = rank_of[near[q, j]]
    for i in range(known):
        rank_of[exact_ids[q, i]] = known


@part
def insert(rank: int, best: np.ndarray, held: int) -> int:
    """Insert a rank before the last of the first `held` of the ascending `best` uint32, which goes; its place."""
    place = held - 1
    while place > 0 and best[place - 1] > rank:
        best[place] = best[place - 1]
        place -= 1
    best[place] = rank
    return place


@part
def fill_up(best: np.ndarray, held: int, k: int, present: np.ndarray) -> int:
    """Fill the places of `best` uint32 from `held` to before `k` with the next ranks present; returns k."""
    rank = np.uint64(best[held - 1]) + np.uint64(1) if held > 0 else np.uint64(0)
    while held < k:
        if present[rank]:
            best[held] = rank
            held += 1
        rank += np.uint64(1)
    return k


@kernel
def first_columns(ks: np.ndarray) -> np.ndarray:
    """For each rank below the last k the first column whose k is above it, int64."""
    first = np.empty(ks[-1], np.int64)
    column = 0
    for rank in range(first.shape[0]):
        while ks[column] <= rank:
            column += 1
        first[rank] = column
    return first


@kernel
def last_short(ranks: np.ndarray, known: int, shortlists: np.ndarray, ks: np.ndarray) -> int:
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
def rank_others(
    query: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    ranks: np.ndarray,
    rank_of: np.ndarray,
    known: int,
    short: int,
) -> None:
    """Give the items of unknown exact rank, `known` in `ranks`, the ranks from there on, by (similarity descending,
    index ascending).

    Those beyond the first `short` are in no shortlist that needs them: theirs is past every other. `rank_of`
    uint32 (N,) is `known` everywhere, before and after.
    """
    keys, others = np.empty(short), np.empty(short, np.int32)
    count = 0
    for j in range(short):
        if ranks[j] == known:
            others[count] = near[j]
            count += 1
    gathered_products(query, gallery, others[:count], keys)
    for i in range(count):
        keys[i] = -keys[i]
    sort_pairs(keys[:count], others[:count])
    for i in range(count):
        rank_of[others[i]] = known + i
    for j in range(ranks.shape[0]):
        if ranks[j] == known:
            ranks[j] = rank_of[near[j]] if j < short else known + ranks.shape[0]
    for i in range(count):
        rank_of[others[i]] = known
