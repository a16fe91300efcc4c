"""Compiled loops that fill the sums: one for a single ranking, one for hashed search with a shortlist for each k."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.metrics.sums import Accumulated, Tables
from core.search.hashed import gathered_products, order_by_similarity


@kernel
def ranking_block(
    ids: np.ndarray, exact_ids: np.ndarray, query_labels: np.ndarray, tables: Tables, out: Accumulated
) -> None:
    """Sums of rankings `ids` (Q, depth) at out.ks; arguments as in `accumulate_ranking`."""
    depth = out.ks[-1]
    exact_rank = np.full(tables.labels.shape[0], depth, np.int64)
    joined = np.zeros(depth + 1, np.int64)
    for q in range(ids.shape[0]):
        c = query_labels[q]
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = i
        joined[:] = 0
        for i in range(depth):  # an item is shared from the k on that reaches it in both rankings
            joined[max(i, exact_rank[ids[q, i]])] += 1
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = depth
        found, both, column = 0, 0, 0
        ap_sum = gain = ahp_sum = dcg = dcg_hierarchical = 0.0
        first = tables.similarity[c, tables.labels[ids[q, 0]]] * tables.inverse_gain[c, 0]
        for i in range(depth):
            label = tables.labels[ids[q, i]]
            s = tables.similarity[c, label]
            if label == c:
                found += 1
                ap_sum += found / (i + 1)
                dcg += tables.discount[i]
            gain += s
            dcg_hierarchical += s * tables.discount[i]
            ahp_sum += gain * tables.inverse_gain[c, i]
            both += joined[i]
            if i + 1 == out.ks[column]:
                out.hits[q, column] = found
                out.ap_sum[q, column] = ap_sum
                out.hp[q, column] = gain * tables.inverse_gain[c, i]
                out.hp_first[q, column] = first
                out.ahp_sum[q, column] = ahp_sum
                out.ndcg[q, column] = dcg * tables.inverse_dcg[c, i]
                out.ndcg_hierarchical[q, column] = dcg_hierarchical * tables.inverse_dcg_hierarchical[c, i]
                out.shared[q, column] = both
                column += 1


@kernel
def _insert(
    places: np.ndarray, first: int, end: int, listed: np.ndarray, size: int, marks: np.ndarray
) -> tuple[int, int]:
    """Add places[first:end] to the sorted list listed[:size]; its new size and the first index that changed.

    The list keeps as many items as it has room for: one that falls off its end can never come back.
    """
    room = listed.shape[0]
    if (end - first) * 8 > marks.shape[0]:  # many at once: mark all and collect in order
        for j in range(end):
            marks[places[j]] = True
        size = 0
        for place in range(marks.shape[0]):
            if marks[place] and size < room:
                listed[size] = place
                size += 1
        marks[:] = False
        return size, 0
    changed = room
    for j in range(first, end):
        place = places[j]
        if size == room and listed[size - 1] < place:
            continue
        i = size if size < room else room - 1
        while i > 0 and listed[i - 1] > place:
            listed[i] = listed[i - 1]
            i -= 1
        listed[i] = place
        size = min(size + 1, room)
        changed = min(changed, i)
    return size, changed


@kernel
def _extend_sums(sums: np.ndarray, first: int, end: int, c: int, found_labels: np.ndarray, tables: Tables) -> None:
    """Sums over the first i + 1 items for i in first..end-1, from those over the first i.

    Columns of `sums`: 0 hits, 1 ap, 2 gain, 3 hp, 4 dcg, 5 hierarchical dcg.
    """
    for i in range(first, end):
        s = tables.similarity[c, found_labels[i]]
        same = 1.0 if found_labels[i] == c else 0.0
        found = sums[i, 0] + same
        gain = sums[i, 2] + s
        sums[i + 1, 0] = found
        sums[i + 1, 1] = sums[i, 1] + same * found / (i + 1)
        sums[i + 1, 2] = gain
        sums[i + 1, 3] = sums[i, 3] + gain * tables.inverse_gain[c, i]
        sums[i + 1, 4] = sums[i, 4] + same * tables.discount[i]
        sums[i + 1, 5] = sums[i, 5] + s * tables.discount[i]


@kernel
def shortlist_block(
    queries: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    exact_ids: np.ndarray,
    query_labels: np.ndarray,
    tables: Tables,
    out: Accumulated,
) -> None:
    """Sums of hashed search at out.ks, each with its own shortlist; arguments as in `accumulate_shortlists`."""
    depth, longest = out.ks[-1], near.shape[1]
    exact_rank = np.full(tables.labels.shape[0], depth, np.int64)
    products = np.empty(longest, np.float64)
    places = np.empty(longest, np.int64)
    marks = np.zeros(longest, np.bool_)
    listed = np.empty(depth, np.int64)
    found_labels = np.empty(depth, np.int64)
    sums = np.zeros((depth + 1, 6), np.float64)
    for q in range(queries.shape[0]):
        c = query_labels[q]
        gathered_products(queries[q], gallery, near[q], products)
        order = order_by_similarity(products, near[q])
        for place in range(longest):
            places[order[place]] = place
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = i
        size, filled, valid = 0, 0, 0
        for column in range(out.ks.shape[0]):
            k = out.ks[column]
            size, changed = _insert(places, filled, shortlists[column], listed, size, marks)
            filled = shortlists[column]
            start = min(valid, changed)
            for i in range(start, k):
                found_labels[i] = tables.labels[near[q, order[listed[i]]]]
            _extend_sums(sums, start, k, c, found_labels, tables)
            valid = k
            both = 0  # the list is in exact order, so the shared items are its beginning
            while both < k and exact_rank[near[q, order[listed[both]]]] < k:
                both += 1
            out.hits[q, column] = int(sums[k, 0])
            out.ap_sum[q, column] = sums[k, 1]
            out.hp[q, column] = sums[k, 2] * tables.inverse_gain[c, k - 1]
            out.hp_first[q, column] = tables.similarity[c, found_labels[0]] * tables.inverse_gain[c, 0]
            out.ahp_sum[q, column] = sums[k, 3]
            out.ndcg[q, column] = sums[k, 4] * tables.inverse_dcg[c, k - 1]
            out.ndcg_hierarchical[q, column] = sums[k, 5] * tables.inverse_dcg_hierarchical[c, k - 1]
            out.shared[q, column] = both
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = depth
