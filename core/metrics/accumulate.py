"""The sums that every metric is made of, for all k in one pass over a ranking.

In exact, Hamming and asymmetric search the top k is the beginning of one ranking. In hashed search each k has its
own shortlist, so each k has its own ranking: shortlists grow by insertion into the sorted list, and sums are
computed anew only from the first place that changed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numba import njit

from core.metrics.ideal import Ideal, discounts
from core.search.hashed import gathered_products, order_by_similarity
from core.search.parallel import run_blocks


@dataclass(frozen=True)
class Accumulated:
    """Sums of the ranking of each query q at each k: arrays (Q, K); `ks` int64 (K,), `relevant` int64 (Q,).

    With rel_i = 1 where rank i has the query's class, P_i the precision and hp_i the hierarchical precision at i:
    `hits` = sum of rel_i, `ap_sum` = sum of rel_i P_i, `hp` = hp_k, `hp_first` = hp_1, `ahp_sum` = sum of hp_i,
    `ndcg` and `ndcg_hierarchical` themselves, `shared` = items also in the exact top k.
    """

    ks: np.ndarray
    relevant: np.ndarray
    hits: np.ndarray
    ap_sum: np.ndarray
    hp: np.ndarray
    hp_first: np.ndarray
    ahp_sum: np.ndarray
    ndcg: np.ndarray
    ndcg_hierarchical: np.ndarray
    shared: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory of all arrays, bytes."""
        return sum(getattr(self, field.name).nbytes for field in fields(self))


@dataclass(frozen=True)
class Judgements:
    """What the sums are judged by: labels of queries and gallery, class similarities, ideal sums to some depth."""

    query_labels: np.ndarray  # int64 (Q,)
    gallery_labels: np.ndarray  # int64 (N,)
    similarity: np.ndarray  # float64 (C, C)
    ideal: Ideal

    def __getitem__(self, queries: np.ndarray | slice) -> Judgements:
        return Judgements(self.query_labels[queries], self.gallery_labels, self.similarity, self.ideal)


def empty(ks: np.ndarray, judgements: Judgements, dtype: type = np.float64) -> Accumulated:
    """Unfilled arrays for all queries; sums are stored as `dtype`, counts as int32."""
    shape = (len(judgements.query_labels), len(ks))
    counts = [np.empty(shape, np.int32) for _ in range(2)]
    sums = [np.empty(shape, dtype) for _ in range(6)]
    relevant = judgements.ideal.relevant[judgements.query_labels]
    return Accumulated(np.asarray(ks, np.int64), relevant, counts[0], *sums, counts[1])


def accumulate_ranking(
    ids: np.ndarray,
    exact_ids: np.ndarray,
    judgements: Judgements,
    out: Accumulated,
    threads: int | None = None,
) -> None:
    """Fill `out` from rankings `ids` int32 (Q, depth), depth >= the largest k; `exact_ids` likewise."""
    tables = _tables(judgements, int(out.ks[-1]))

    def work(block: slice) -> None:
        _ranking_block(ids[block], exact_ids[block], judgements.query_labels[block], *tables, *_rows(out, block))

    run_blocks(work, len(ids), threads)


def accumulate_shortlists(
    queries: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    exact_ids: np.ndarray,
    judgements: Judgements,
    out: Accumulated,
    threads: int | None = None,
) -> None:
    """Fill `out` for hashed search: at ks[c] the first shortlists[c] ids of `near`, ranked by similarity.

    `queries` float32 (Q, d), `gallery` float32 (N, d); `near` int32 (Q, M) is the Hamming ranking to the largest
    shortlist; `shortlists` int64 (K,) does not decrease and is at least k; `exact_ids` int32 (Q, >= largest k).
    """
    tables = _tables(judgements, int(out.ks[-1]))

    def work(block: slice) -> None:
        _shortlist_block(
            queries[block],
            gallery,
            near[block],
            shortlists,
            exact_ids[block],
            judgements.query_labels[block],
            *tables,
            *_rows(out, block),
        )

    run_blocks(work, len(queries), threads)


def _tables(judgements: Judgements, depth: int) -> tuple[np.ndarray, ...]:
    ideal = judgements.ideal
    with np.errstate(divide="ignore"):
        inverse = [
            np.where((table > 0) & (ideal.relevant > 0)[:, None], 1.0 / table, 0.0)
            for table in (ideal.gain, ideal.dcg, ideal.dcg_hierarchical)
        ]
    return (judgements.gallery_labels, judgements.similarity, *inverse, discounts(depth))


def _rows(out: Accumulated, block: slice) -> tuple[np.ndarray, ...]:
    arrays = (out.hits, out.ap_sum, out.hp, out.hp_first, out.ahp_sum, out.ndcg, out.ndcg_hierarchical, out.shared)
    return (out.ks, *(array[block] for array in arrays))


@njit(nogil=True, cache=True)
def _ranking_block(
    ids, exact_ids, query_labels, labels, similarity, inverse_gain, inverse_dcg, inverse_dcg_h, discount,
    ks, hits, ap_sum, hp, hp_first, ahp_sum, ndcg, ndcg_h, shared,
):  # fmt: skip  # noqa: ANN001, ANN202
    depth = ks[-1]
    exact_rank = np.full(labels.shape[0], depth, np.int64)
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
        precision_sum = gain = hp_sum = dcg = dcg_h = 0.0
        for i in range(depth):
            label = labels[ids[q, i]]
            s = similarity[c, label]
            if label == c:
                found += 1
                precision_sum += found / (i + 1)
                dcg += discount[i]
            gain += s
            dcg_h += s * discount[i]
            hp_sum += gain * inverse_gain[c, i]
            both += joined[i]
            if i + 1 == ks[column]:
                hits[q, column] = found
                ap_sum[q, column] = precision_sum
                hp[q, column] = gain * inverse_gain[c, i]
                hp_first[q, column] = similarity[c, labels[ids[q, 0]]] * inverse_gain[c, 0]
                ahp_sum[q, column] = hp_sum
                ndcg[q, column] = dcg * inverse_dcg[c, i]
                ndcg_h[q, column] = dcg_h * inverse_dcg_h[c, i]
                shared[q, column] = both
                column += 1


@njit(nogil=True, cache=True)
def _insert(places, first, end, listed, size, marks):  # noqa: ANN001, ANN202
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


@njit(nogil=True, cache=True)
def _shortlist_block(
    queries, gallery, near, shortlists, exact_ids, query_labels,
    labels, similarity, inverse_gain, inverse_dcg, inverse_dcg_h, discount,
    ks, hits, ap_sum, hp, hp_first, ahp_sum, ndcg, ndcg_h, shared,
):  # fmt: skip  # noqa: ANN001, ANN202
    depth, longest = ks[-1], near.shape[1]
    exact_rank = np.full(labels.shape[0], depth, np.int64)
    products = np.empty(longest, np.float64)
    places = np.empty(longest, np.int64)
    marks = np.zeros(longest, np.bool_)
    listed = np.empty(depth, np.int64)
    # Sums over the first i items of the list: column 0 hits, 1 ap, 2 gain, 3 hp, 4 dcg, 5 hierarchical dcg.
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
        for column in range(ks.shape[0]):
            k = ks[column]
            size, changed = _insert(places, filled, shortlists[column], listed, size, marks)
            filled = shortlists[column]
            for i in range(min(valid, changed), k):
                label = labels[near[q, order[listed[i]]]]
                s = similarity[c, label]
                same = 1.0 if label == c else 0.0
                found = sums[i, 0] + same
                gain = sums[i, 2] + s
                sums[i + 1, 0] = found
                sums[i + 1, 1] = sums[i, 1] + same * found / (i + 1)
                sums[i + 1, 2] = gain
                sums[i + 1, 3] = sums[i, 3] + gain * inverse_gain[c, i]
                sums[i + 1, 4] = sums[i, 4] + same * discount[i]
                sums[i + 1, 5] = sums[i, 5] + s * discount[i]
            valid = k
            both = 0  # the list is in exact order, so the shared items are its beginning
            while both < k and exact_rank[near[q, order[listed[both]]]] < k:
                both += 1
            hits[q, column] = sums[k, 0]
            ap_sum[q, column] = sums[k, 1]
            hp[q, column] = sums[k, 2] * inverse_gain[c, k - 1]
            hp_first[q, column] = similarity[c, labels[near[q, order[listed[0]]]]] * inverse_gain[c, 0]
            ahp_sum[q, column] = sums[k, 3]
            ndcg[q, column] = sums[k, 4] * inverse_dcg[c, k - 1]
            ndcg_h[q, column] = sums[k, 5] * inverse_dcg_h[c, k - 1]
            shared[q, column] = both
        for i in range(depth):
            exact_rank[exact_ids[q, i]] = depth
