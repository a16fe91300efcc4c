"""The compiled loop that fills the sums of hashed search, with a shortlist of its own for each k.

A shortlist is ranked by what exact search has already found: the place of an item in the exact ranking is looked up,
and similarities are computed only where fewer than k items of a shortlist stand in the part that is known. From k to k
shortlists grow by insertion into a sorted list, and sums are computed anew from the first block that changed. An entry
of the list is one number: the rank in its upper half, by which it is sorted, and the label in its lower.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.metrics.sums import Accumulated, Tables
from core.search.hashed import gathered_products, order_by_similarity

_BLOCK = 8  # ranks after which the sums are kept
_LABEL = 2**32 - 1  # the lower half of an entry


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
    labels, discount = tables.labels, tables.discount
    rank_of = np.full(labels.shape[0], known, np.int32)
    from_rank, from_place = _first_columns(out.ks, depth), _first_columns(shortlists, longest)
    ranks, marks = np.empty(longest, np.int32), np.zeros(known + longest, np.int32)
    listed, sums = np.empty(depth, np.int64), np.zeros((depth // _BLOCK + 1, 6), np.float64)
    for q in range(queries.shape[0]):
        c, ideal, shortlisted = query_labels[q], ideal_rows[q], near[q]
        similarity, inverse_gain = tables.similarity[c], tables.inverse_gain[ideal]
        _look_up(shortlisted, exact_ids[q], rank_of, ranks)
        last = known  # an item of this rank or beyond cannot be among the k
        if not _enough(ranks, known, shortlists, out.ks):
            _rank_others(queries[q], gallery, shortlisted, ranks, known)
            last = known + longest
        shared = _shared(ranks, from_rank, from_place)
        size, filled, valid = 0, 0, 0
        for column in range(out.ks.shape[0]):
            k, end = out.ks[column], shortlists[column]
            changed = valid
            if (end - filled) * 8 > marks.shape[0]:  # many at once: mark all and collect in order
                size, changed = _collect(ranks, end, last, shortlisted, labels, marks, listed), 0
            else:
                for j in range(filled, end):
                    if ranks[j] < last and (size < depth or ranks[j] < listed[size - 1] >> 32):
                        entry = np.int64(ranks[j]) << 32 | labels[shortlisted[j]]
                        changed = min(changed, _insert(entry, size, listed))
                        size = min(size + 1, depth)
            filled, valid = end, k
            found, ap, gain, hp, dcg, dcg_hierarchical = _add_up(
                listed, changed, k, c, similarity, inverse_gain, discount, sums
            )
            out.hits[q, column] = int(found)
            out.ap_sum[q, column] = ap
            out.hp[q, column] = gain * inverse_gain[k - 1]
            out.hp_first[q, column] = similarity[listed[0] & _LABEL] * inverse_gain[0]
            out.ahp_sum[q, column] = hp
            out.ndcg[q, column] = dcg * tables.inverse_dcg[ideal, k - 1]
            out.ndcg_hierarchical[q, column] = dcg_hierarchical * tables.inverse_dcg_hierarchical[ideal, k - 1]
            out.shared[q, column] = shared[column]


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
def _enough(ranks: np.ndarray, known: int, shortlists: np.ndarray, ks: np.ndarray) -> bool:
    """Whether every shortlist has its k items among those whose exact rank is known."""
    count, j = 0, 0
    for column in range(ks.shape[0]):
        while j < shortlists[column]:
            count += ranks[j] < known
            j += 1
        if count < ks[column]:
            return False
    return True


@kernel
def _rank_others(query: np.ndarray, gallery: np.ndarray, near: np.ndarray, ranks: np.ndarray, known: int) -> None:
    """Give the items whose exact rank is not known the ranks after it, by (similarity descending, index ascending)."""
    others = np.flatnonzero(ranks == known)
    ids = near[others]
    products = np.empty(ids.shape[0], np.float64)
    gathered_products(query, gallery, ids, products)
    order = order_by_similarity(products, ids)
    for place in range(order.shape[0]):
        ranks[others[order[place]]] = known + place


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
def _first_columns(bounds: np.ndarray, count: int) -> np.ndarray:
    """For each i in 0..count-1 the first column whose bound is above i."""
    first = np.empty(count, np.int64)
    column = 0
    for i in range(count):
        while bounds[column] <= i:
            column += 1
        first[i] = column
    return first


@kernel
def _collect(
    ranks: np.ndarray, end: int, last: int, near: np.ndarray, labels: np.ndarray, marks: np.ndarray, listed: np.ndarray
) -> int:
    """List ranks[:end] below `last` in order, as far as there is room; returns how many. `marks` is all 0."""
    for j in range(end):
        if ranks[j] < last:
            marks[ranks[j]] = j + 1
    size = 0
    for rank in range(last):
        if marks[rank] and size < listed.shape[0]:
            listed[size] = np.int64(rank) << 32 | labels[near[marks[rank] - 1]]
            size += 1
        marks[rank] = 0
    return size


@kernel
def _insert(entry: int, size: int, listed: np.ndarray) -> int:
    """Insert into the sorted list of `size` entries and return the place; the last falls off a full list."""
    place = size if size < listed.shape[0] else size - 1
    while place > 0 and listed[place - 1] > entry:
        listed[place] = listed[place - 1]
        place -= 1
    listed[place] = entry
    return place


@kernel
def _add_up(
    listed: np.ndarray,
    changed: int,
    k: int,
    c: int,
    similarity: np.ndarray,
    inverse_gain: np.ndarray,
    discount: np.ndarray,
    sums: np.ndarray,
) -> tuple[float, float, float, float, float, float]:
    """Sums over the first k ranks, in their order: hits, ap, gain, hp, dcg, hierarchical dcg.

    sums[b] are those over the first b blocks; they are right as far as the list has not `changed`, and made so.
    """
    first = changed // _BLOCK
    found, ap, gain = sums[first, 0], sums[first, 1], sums[first, 2]
    hp, dcg, dcg_hierarchical = sums[first, 3], sums[first, 4], sums[first, 5]
    for start in range(first * _BLOCK, k, _BLOCK):
        row = sums[start // _BLOCK]
        row[0], row[1], row[2], row[3], row[4], row[5] = found, ap, gain, hp, dcg, dcg_hierarchical
        for i in range(start, min(start + _BLOCK, k)):
            label = listed[i] & _LABEL
            s = similarity[label]
            if label == c:
                found += 1.0
                ap += found / (i + 1)
                dcg += discount[i]
            gain += s
            hp += gain * inverse_gain[i]
            dcg_hierarchical += s * discount[i]
    if k % _BLOCK == 0:
        row = sums[k // _BLOCK]
        row[0], row[1], row[2], row[3], row[4], row[5] = found, ap, gain, hp, dcg, dcg_hierarchical
    return found, ap, gain, hp, dcg, dcg_hierarchical
