"""This project's own searches as sides: one query by its stages, batches as the engine searches them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import numpy as np

from core.codes.pair import CodePair
from core.runtime.blas import blas_threads
from core.search.exact import rank_exact
from core.search.hashed import rerank
from core.timing.opponents.contender import Contender, SearchInputs, Stages
from core.timing.own_searches import asymmetric_side, exact_scan, hamming_side, hashed_side


def own_exact(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `exact-scan`: one query in float64, batches by float32 products that float64 settles; the ids are those
    that all others are checked against."""
    task, k = inputs.task, inputs.k

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        queries, exclude = task[rows]
        ids = rank_exact(queries, task.gallery, k, exclude, threads, longest=task.longest)[0]
        return ids, {"product and select": perf_counter_ns() - start}

    return Contender("exact-scan", "exact", exact_scan(task, k), many, task.gallery[0].nbytes, own=True)


def own_hashed(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `hashed`."""
    task, codes, k, shortlist = inputs.task, inputs.codes, inputs.k, inputs.shortlist

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        near, stages = _coded(inputs, rows, lambda pair, own: pair.rank(own, shortlist, task.exclude[rows], threads))
        start = perf_counter_ns()
        ids = rerank(task.queries[rows], task.gallery, near.ids, k, threads)[0]
        return ids, {**stages, "gather and re-rank": perf_counter_ns() - start}

    one = hashed_side(task, codes, inputs.hasher, shortlist, k)
    return Contender("hashed", "hashed", one, many, code_bytes(codes) + task.gallery[0].nbytes, own=True)


def own_hamming(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `hamming`: the k of nearest code."""
    task, codes, k = inputs.task, inputs.codes, inputs.k

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        found, stages = _coded(inputs, rows, lambda pair, own: pair.rank(own, k, task.exclude[rows], threads))
        return found.ids, stages

    return Contender(
        "hamming", "hamming", hamming_side(task, codes, inputs.hasher, k), many, code_bytes(codes), own=True
    )


def own_asymmetric(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `asymmetric`; its batches start from the stored projections."""
    task, codes, k = inputs.task, inputs.codes, inputs.k

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        ids = codes.asymmetric_ids(rows, k, task.exclude[rows], threads)
        return ids, {"scan and select": perf_counter_ns() - start}

    one = asymmetric_side(task, codes, inputs.hasher, k)
    return Contender("asymmetric", "asymmetric", one, many, codes.gallery.packed.shape[1], own=True)


def code_bytes(codes: CodePair) -> float:
    """Bytes a gallery image that a scan of the codes reads: whole words of 64 bits where they are compared as such."""
    held = getattr(codes, "gallery_words", None)
    return codes.gallery.packed.shape[1] if held is None else 8 * len(held)


def _coded(inputs: SearchInputs, rows: slice, search: Callable[[CodePair, slice], Any]) -> tuple[Any, Stages]:
    """What `search(pair, its rows)` gives from the queries' embeddings on, and the stages."""
    if not inputs.from_embedding:
        start = perf_counter_ns()
        return search(inputs.codes, rows), {"scan and select": perf_counter_ns() - start}
    t0 = perf_counter_ns()
    with blas_threads(1):  # whose threads would share the cores with the scan
        pair = inputs.codes.encoded(inputs.task.queries[rows], inputs.hasher)
    t1 = perf_counter_ns()
    found = search(pair, slice(0, rows.stop - rows.start))
    return found, {"hash": t1 - t0, "scan and select": perf_counter_ns() - t1}
