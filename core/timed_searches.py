"""This project's searches of one query as they are timed: on one thread, telling how long each stage took."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.code_distances.base import CodePair, OneCall
from core.opponents.side import One, Stages
from core.search.asymmetric import asymmetric_scores
from core.search.exact import inner_products
from core.search.hashed import rerank_one
from core.search.one_query import STAGES
from core.search.select import select_by_score
from core.space import Space
from core.timed_hashing import QueryHash

_RERANK = "gather and re-rank"


def exact_scan(space: Space, k: int) -> One:
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


def hashed_side(space: Space, codes: CodePair, hasher: QueryHash | None, shortlist: int, k: int) -> One:
    """Hashed search from the query's embedding on; from its stored code on where there is no `hasher`.

    It is one call that tells its stages where there is such a kernel, else a call for each stage.
    """
    whole = codes.in_one_call(space, shortlist, k, hasher)
    if whole is not None:
        return _in_one_call(whole)
    nearest = hamming_side(space, codes, hasher, shortlist)
    products, ids, values = np.empty(shortlist), np.empty(k, np.int32), np.empty(k)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        near, stages = nearest(q)
        start = perf_counter_ns()
        rerank_one(space.queries[q], space.gallery, near, products, ids, values)
        return ids, {**stages, _RERANK: perf_counter_ns() - start}

    return search


def _in_one_call(whole: OneCall) -> One:
    """The first stage holds the way into the kernel, the last one the way out: they add up to the whole."""

    def search(q: int) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        ids, ends = whole(q)
        end = perf_counter_ns()
        moments = [start, *ends.tolist(), end]
        return ids, {stage: moments[i + 1] - moments[i] for i, stage in enumerate((*STAGES, _RERANK))}

    return search


def hamming_side(space: Space, codes: CodePair, hasher: QueryHash | None, k: int) -> One:
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


def asymmetric_side(space: Space, codes: CodePair, hasher: QueryHash | None, k: int) -> One:
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
