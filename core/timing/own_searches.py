"""This project's searches of one query as they are timed: on one thread, telling how long each stage took."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.codes.pair import CodePair
from core.codes.query_hash import QueryHash
from core.engine.task import RetrievalTask
from core.search.asymmetric import asymmetric_scores, select_greatest
from core.search.exact import precision_of, take_block
from core.search.hashed import rerank_one
from core.timing.opponents.contender import SearchOne, Stages

_RERANK = "gather and re-rank"


def exact_scan(task: RetrievalTask, k: int) -> SearchOne:
    """This project's exact search, the steps of `rank_exact`: products in float32, settled by exact ones."""
    kind, bounds, reach = precision_of(task.queries, task.longest, deep=False)
    gallery, held = task.gallery.astype(kind, copy=False), np.zeros(1, np.int64)
    ids, values = np.empty((1, k), np.int32), np.empty((1, k))

    def search(q: int) -> tuple[np.ndarray, Stages]:
        row = slice(q, q + 1)
        t0 = perf_counter_ns()
        keys = np.matmul(-task.queries[row].astype(kind, copy=False), gallery.T)
        t1 = perf_counter_ns()
        held[:] = 0
        take_block(
            task.queries[row], task.gallery, keys, 0, task.exclude[row], bounds[row], reach[row], held, ids, values
        )
        return ids[0], {"product": t1 - t0, "select": perf_counter_ns() - t1}

    return search


def hashed_side(task: RetrievalTask, codes: CodePair, hasher: QueryHash | None, shortlist: int, k: int) -> SearchOne:
    """Hashed search from the query's embedding on; from its stored code on where there is no `hasher`."""
    nearest = hamming_side(task, codes, hasher, shortlist)
    ids, values = np.empty(k, np.int32), np.empty(k)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        near, stages = nearest(q)
        start = perf_counter_ns()
        rerank_one(task.queries[q], task.gallery, near, ids, values)
        return ids, {**stages, _RERANK: perf_counter_ns() - start}

    return search


def hamming_side(task: RetrievalTask, codes: CodePair, hasher: QueryHash | None, k: int) -> SearchOne:
    """Search by code distance alone, from the query's embedding on, as `hashed_side`."""
    scanner = codes.scanner(k, hasher)

    def search(q: int) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        prepared = scanner.prepare(q)
        t0 = perf_counter_ns()
        scanner.scan(prepared)
        t1 = perf_counter_ns()
        ids = scanner.select(int(task.exclude[q]))
        stages = {"scan": t1 - t0, "select": perf_counter_ns() - t1}
        return ids, {"hash": t0 - start, **stages} if scanner.makes_code else stages

    return search


def asymmetric_side(task: RetrievalTask, codes: CodePair, hasher: QueryHash | None, k: int) -> SearchOne:
    """Asymmetric search; the stage `hash` holds the projection, which making the code includes."""
    scores = np.empty(len(task.gallery))
    ids, values = np.empty(k, np.int32), np.empty(k)
    columns = np.ascontiguousarray(codes.gallery.packed.T)
    projections = np.ascontiguousarray(codes.real_values())

    def search(q: int) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        if hasher is not None:
            hasher.one(task.queries[q])
        t0 = perf_counter_ns()
        asymmetric_scores(projections[q], columns, scores)
        t1 = perf_counter_ns()
        select_greatest(scores, int(task.exclude[q]), ids, values)
        stages = {"scan": t1 - t0, "select": perf_counter_ns() - t1}
        return ids, stages if hasher is None else {"hash": t0 - start, **stages}

    return search
