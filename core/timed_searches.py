"""One query's search as it is timed: each side answers on one thread and says how long each of its stages took."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

import numpy as np

from core.code_distances.base import CodePair
from core.search.asymmetric import asymmetric_scores
from core.search.exact import inner_products
from core.search.hashed import gathered_products, order_by_similarity
from core.search.parallel import blocks
from core.search.select import select_by_score
from core.space import Space
from core.timed_hashing import QueryHash

_SCORES = 2_000_000  # float32 scores a matrix product makes at once (8 MB)
Stages = dict[str, int]  # name -> nanoseconds
Side = Callable[[int], tuple[np.ndarray, Stages]]  # query -> ids of its top k (valid until the next call), stages


def exact_sides(space: Space, k: int) -> dict[str, Side]:
    """Exact search by BLAS, by faiss and by this project's scan: none of them is a straw man."""
    return {
        "exact-blas": exact_blas(space, k),
        "exact-faiss": exact_faiss(space, k),
        "exact-scan": exact_scan(space, k),
    }


def exact_blas(space: Space, k: int) -> Side:
    """NumPy's matrix product, then a partial sort."""

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        scores = space.gallery @ space.queries[q]
        t1 = perf_counter_ns()
        if space.exclude[q] >= 0:
            scores[space.exclude[q]] = -np.inf
        top = np.argpartition(scores, len(scores) - k)[-k:]
        top = top[np.argsort(-scores[top], kind="stable")]
        return top, {"product": t1 - t0, "select": perf_counter_ns() - t1}

    return search


def exact_faiss(space: Space, k: int) -> Side:
    """The flat index of faiss, which does not tell its stages apart."""
    import faiss

    index = faiss.IndexFlatIP(space.gallery.shape[1])
    index.add(space.gallery)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        found = index.search(space.queries[q : q + 1], min(k + 1, index.ntotal))[1][0]
        top = found[found != space.exclude[q]][:k]
        return top, {"product and select": perf_counter_ns() - t0}

    return search


def exact_scan(space: Space, k: int) -> Side:
    """This project's scan in float64, the order that all others are checked against."""
    count = len(space.gallery)
    scores, keys = np.empty(count), np.empty(count)
    bin_of, items = np.empty(count, np.int32), np.empty(count, np.int32)
    ids, values = np.empty(k, np.int32), np.empty(k)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        inner_products(space.queries[q], space.columns, scores)
        t1 = perf_counter_ns()
        select_by_score(scores, int(space.exclude[q]), ids, values, bin_of, items, keys)
        return ids, {"product": t1 - t0, "select": perf_counter_ns() - t1}

    return search


def hashed_side(space: Space, codes: CodePair, hasher: QueryHash | None, shortlist: int, k: int) -> Side:
    """Hashed search from the query's embedding on; from its stored code on where there is no `hasher`."""
    nearest = hamming_side(space, codes, hasher, shortlist)
    products = np.empty(shortlist)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        near, stages = nearest(q)
        start = perf_counter_ns()
        gathered_products(space.queries[q], space.gallery, near, products)
        top = near[order_by_similarity(products, near)[:k]]
        return top, {**stages, "gather and re-rank": perf_counter_ns() - start}

    return search


def hamming_side(space: Space, codes: CodePair, hasher: QueryHash | None, k: int) -> Side:
    """Search by code distance alone, from the query's embedding on, as `hashed_side`."""
    scanner = codes.scanner(k, hasher)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        prepared = scanner.prepare(q)
        t0 = perf_counter_ns()
        scanner.scan(prepared)
        t1 = perf_counter_ns()
        ids = scanner.select(int(space.exclude[q]))
        stages = {"scan": t1 - t0, "select": perf_counter_ns() - t1}
        return ids, {"hash": t0 - start, **stages} if scanner.makes_code else stages

    return search


def asymmetric_side(space: Space, codes: CodePair, hasher: QueryHash | None, k: int) -> Side:
    """Asymmetric search; the stage `hash` holds the projection, which making the code includes."""
    count = len(space.gallery)
    scores, keys = np.empty(count), np.empty(count)
    bin_of, items = np.empty(count, np.int32), np.empty(count, np.int32)
    ids, values = np.empty(k, np.int32), np.empty(k)
    columns = np.ascontiguousarray(codes.gallery.packed.T)
    projections = np.ascontiguousarray(codes.real_values())

    def search(q: int) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        if hasher is not None:
            hasher.one(space.queries[q])
        t0 = perf_counter_ns()
        asymmetric_scores(projections[q], columns, scores)
        t1 = perf_counter_ns()
        select_by_score(scores, int(space.exclude[q]), ids, values, bin_of, items, keys)
        stages = {"scan": t1 - t0, "select": perf_counter_ns() - t1}
        return ids, stages if hasher is None else {"hash": t0 - start, **stages}

    return search


def batch_blas(space: Space, queries: np.ndarray, exclude: np.ndarray, k: int) -> np.ndarray:
    """Top k by matrix products of as many queries as keep the scores small, then partial sorts."""
    found = np.empty((len(queries), k), np.int64)
    for rows in blocks(len(queries), max(1, _SCORES // len(space.gallery))):
        scores = queries[rows] @ space.gallery.T
        own = np.flatnonzero(exclude[rows] >= 0)
        scores[own, exclude[rows][own]] = -np.inf
        top = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        found[rows] = np.take_along_axis(top, order, axis=1)
    return found


def drop_self(ids: np.ndarray, exclude: np.ndarray, k: int) -> np.ndarray:
    """The first k ids of each row without the excluded one (rows are k + 1 long)."""
    kept = np.empty((len(ids), k), ids.dtype)
    for row, (found, own) in enumerate(zip(ids, exclude, strict=True)):
        kept[row] = found[found != own][:k]
    return kept
