"""Compiled loops that fill the sums: one for a single ranking, one for hashed search with a shortlist for each k."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.metrics.sums import Accumulated, Tables
from core.search.hashed import gathered_products, order_by_similarity


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


@kernel
def _insert(
    places: np.ndarray,
    labels: np.ndarray,
    first: int,
    end: int,
    listed: np.ndarray,
    listed_labels: np.ndarray,
    size: int,
    marks: np.ndarray,
) -> tuple[int, int]:
    """Add places[first:end], with their labels, to the sorted list listed[:size].

    Returns its new size and the first index that changed. The list keeps as many items as it has room for: one that
    falls off its end can never come back.
    """
    room = listed.shape[0]
    if (end - first) * 8 > marks.shape[0]:  # many at once: mark all and collect in order
        for j in range(end):
            marks[places[j]] = j + 1
        size = 0
        for place in range(marks.shape[0]):
            if marks[place] and size < room:
                listed[size] = place
                listed_labels[size] = labels[marks[place] - 1]
                size += 1
        marks[:] = 0
        return size, 0
    changed = room
    for j in range(first, end):
        place = places[j]
        if size == room and listed[size - 1] < place:
            continue
        i = size if size < room else room - 1
        while i > 0 and listed[i - 1] > place:
            listed[i] = listed[i - 1]
            listed_labels[i] = listed_labels[i - 1]
            i -= 1
        listed[i] = place
        listed_labels[i] = labels[j]
        size = min(size + 1, room)
        changed = min(changed, i)
    return size, changed


@kernel
def _extend_sums(
    sums: np.ndarray, first: int, end: int, c: int, ideal: int, found_labels: np.ndarray, tables: Tables
) -> None:
    """Sums over the first i + 1 items for i in first..end-1, from those over the first i.

    Columns of `sums`: 0 hits, 1 ap, 2 gain, 3 hp, 4 dcg, 5 hierarchical dcg.
    """
    similarity, inverse_gain = tables.similarity[c], tables.inverse_gain[ideal]
    hits, ap, gain = sums[first, 0], sums[first, 1], sums[first, 2]
    hp, dcg, dcg_hierarchical = sums[first, 3], sums[first, 4], sums[first, 5]
    for i in range(first, end):
        s = similarity[found_labels[i]]
        if found_labels[i] == c:
            hits += 1.0
            ap += hits / (i + 1)
            dcg += tables.discount[i]
        gain += s
        hp += gain * inverse_gain[i]
        dcg_hierarchical += s * tables.discount[i]
        row = sums[i + 1]
        row[0], row[1], row[2], row[3], row[4], row[5] = hits, ap, gain, hp, dcg, dcg_hierarchical


@kernel
def _shared(
    near: np.ndarray, exact_ids: np.ndarray, exact_rank: np.ndarray, from_rank: np.ndarray, from_place: np.ndarray
) -> np.ndarray:
    """Items shared with the exact top k at each column: one is, from the column on that reaches its exact rank and
    whose shortlist reaches its Hamming rank. `exact_rank` is scratch, int64 (N,), all at the depth."""
    depth, columns = from_rank.shape[0], from_rank[-1] + 1
    shared = np.zeros(columns + 1, np.int64)
    for i in range(depth):
        exact_rank[exact_ids[i]] = i
    for j in range(near.shape[0]):
        rank = exact_rank[near[j]]
        if rank < depth:
            shared[max(from_rank[rank], from_place[j])] += 1
    for i in range(depth):
        exact_rank[exact_ids[i]] = depth
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
    depth, longest = out.ks[-1], near.shape[1]
    exact_rank = np.full(tables.labels.shape[0], depth, np.int64)
    from_rank, from_place = _first_columns(out.ks, depth), _first_columns(shortlists, longest)
    products = np.empty(longest, np.float64)
    places, marks = np.empty(longest, np.int32), np.zeros(longest, np.int32)
    labels = np.empty(longest, np.int32)
    listed, listed_labels = np.empty(depth, np.int32), np.empty(depth, np.int32)
    sums = np.zeros((depth + 1, 6), np.float64)
    for q in range(queries.shape[0]):
        c, ideal = query_labels[q], ideal_rows[q]
        gathered_products(queries[q], gallery, near[q], products)
        order = order_by_similarity(products, near[q])
        for place in range(longest):
            places[order[place]] = place
            labels[place] = tables.labels[near[q, place]]
        shared = _shared(near[q], exact_ids[q], exact_rank, from_rank, from_place)
        size, filled, valid = 0, 0, 0
        for column in range(out.ks.shape[0]):
            k = out.ks[column]
            size, changed = _insert(places, labels, filled, shortlists[column], listed, listed_labels, size, marks)
            filled = shortlists[column]
            _extend_sums(sums, min(valid, changed), k, c, ideal, listed_labels, tables)
            valid = k
            out.hits[q, column] = int(sums[k, 0])
            out.ap_sum[q, column] = sums[k, 1]
            out.hp[q, column] = sums[k, 2] * tables.inverse_gain[ideal, k - 1]
            out.hp_first[q, column] = tables.similarity[c, listed_labels[0]] * tables.inverse_gain[ideal, 0]
            out.ahp_sum[q, column] = sums[k, 3]
            out.ndcg[q, column] = sums[k, 4] * tables.inverse_dcg[ideal, k - 1]
            out.ndcg_hierarchical[q, column] = sums[k, 5] * tables.inverse_dcg_hierarchical[ideal, k - 1]
            out.shared[q, column] = shared[column]
