"""This project's own searches as sides: one query by its stages, batches as the engine searches them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.codes.pair import CodePair
from core.runtime.blas import blas_threads
from core.search.searcher import SCAN, Searcher
from core.timing.opponents.contender import Contender, SearchInputs, Stages, StopWatch
from core.timing.own_searches import asymmetric_side, exact_scan, hamming_side, hashed_side


def own_exact(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `exact-scan`: one query in float64, batches by float32 products that float64 settles; the ids are those
    that all others are checked against."""
    task, k = inputs.task, inputs.k
    searcher = inputs.searcher(threads)

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        watch = StopWatch()
        ids = searcher.exact(rows, k).ids
        watch.mark("product and select")
        return ids, watch.stages

    return Contender("exact-scan", "exact", exact_scan(task, k), many, task.gallery[0].nbytes, own=True)


def own_hashed(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `hashed`."""
    task, codes, k, shortlist = inputs.task, inputs.pair, inputs.k, inputs.shortlist

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        watch, searcher, own = _from_embeddings(inputs, rows, threads)
        return searcher.hashed(own, shortlist, k, watch.mark).ids, watch.stages

    one = hashed_side(task, codes, inputs.hasher, shortlist, k)
    return Contender("hashed", "hashed", one, many, code_bytes(codes) + task.gallery[0].nbytes, own=True)


def own_hamming(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `hamming`: the k of nearest code."""
    task, codes, k = inputs.task, inputs.pair, inputs.k

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        watch, searcher, own = _from_embeddings(inputs, rows, threads)
        ids = searcher.by_code(own, k, scores=False).ids
        watch.mark(SCAN)
        return ids, watch.stages

    return Contender(
        "hamming", "hamming", hamming_side(task, codes, inputs.hasher, k), many, code_bytes(codes), own=True
    )


def own_asymmetric(inputs: SearchInputs, threads: int | None = None) -> Contender:
    """The side `asymmetric`; its batches start from the stored projections."""
    task, codes, k = inputs.task, inputs.pair, inputs.k
    searcher = inputs.searcher(threads)

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        watch = StopWatch()
        ids = searcher.asymmetric(rows, k).ids
        watch.mark(SCAN)
        return ids, watch.stages

    one = asymmetric_side(task, codes, inputs.hasher, k)
    return Contender("asymmetric", "asymmetric", one, many, codes.gallery.packed.shape[1], own=True)


def code_bytes(codes: CodePair) -> int:
    """Bytes a gallery image that a scan of the codes reads: whole words of 64 bits where they are compared as such."""
    held = getattr(codes, "gallery_words", None)
    return codes.gallery.packed.shape[1] if held is None else 8 * len(held)


def _from_embeddings(inputs: SearchInputs, rows: slice, threads: int | None) -> tuple[StopWatch, Searcher, slice]:
    """A watch that runs, the searcher of these queries with codes made of their embeddings where they can be, and the
    queries' rows in it."""
    watch, searcher = StopWatch(), inputs.searcher(threads)
    if not inputs.from_embedding:
        return watch, searcher, rows
    with blas_threads(1):  # whose threads would share the cores with the scan
        pair = inputs.pair.encoded(inputs.task.queries[rows], inputs.hasher)
    watch.mark("hash")
    asked = replace(searcher, queries=searcher.queries[rows], exclude=searcher.exclude[rows], open_codes=lambda: pair)
    return watch, asked, slice(0, rows.stop - rows.start)
