"""This project's own searches as sides: one query by its stages, batches as the engine searches them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import numpy as np

from core.blas import blas_threads
from core.code_distances.base import CodePair
from core.opponents.side import Contest, Side, Stages
from core.search.exact import rank_exact
from core.search.hashed import rerank
from core.timed_searches import asymmetric_side, exact_scan, hamming_side, hashed_side


def own_exact(contest: Contest, threads: int | None = None) -> Side:
    """The side `exact-scan`: one query in float64, batches by float32 products that float64 settles; the ids are those
    that all others are checked against."""
    space, k = contest.space, contest.k

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        queries, exclude = space[rows]
        ids = rank_exact(queries, space.gallery, k, exclude, threads, longest=space.longest)[0]
        return ids, {"product and select": perf_counter_ns() - start}

    return Side("exact-scan", "exact", exact_scan(space, k), many, space.gallery[0].nbytes, own=True)


def own_hashed(contest: Contest, threads: int | None = None) -> Side:
    """The side `hashed`."""
    space, codes, k, shortlist = contest.space, contest.codes, contest.k, contest.shortlist

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        near, stages = _coded(contest, rows, lambda pair, own: pair.rank(own, shortlist, space.exclude[rows], threads))
        start = perf_counter_ns()
        ids = rerank(space.queries[rows], space.gallery, near.ids, k, threads)[0]
        return ids, {**stages, "gather and re-rank": perf_counter_ns() - start}

    one = hashed_side(space, codes, contest.hasher, shortlist, k)
    return Side("hashed", "hashed", one, many, code_bytes(codes) + space.gallery[0].nbytes, own=True)


def own_hamming(contest: Contest, threads: int | None = None) -> Side:
    """The side `hamming`: the k of nearest code."""
    space, codes, k = contest.space, contest.codes, contest.k

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        found, stages = _coded(contest, rows, lambda pair, own: pair.rank(own, k, space.exclude[rows], threads))
        return found.ids, stages

    return Side("hamming", "hamming", hamming_side(space, codes, contest.hasher, k), many, code_bytes(codes), own=True)


def own_asymmetric(contest: Contest, threads: int | None = None) -> Side:
    """The side `asymmetric`; its batches start from the stored projections."""
    space, codes, k = contest.space, contest.codes, contest.k

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        start = perf_counter_ns()
        ids = codes.asymmetric_ids(rows, k, space.exclude[rows], threads)
        return ids, {"scan and select": perf_counter_ns() - start}

    one = asymmetric_side(space, codes, contest.hasher, k)
    return Side("asymmetric", "asymmetric", one, many, codes.gallery.packed.shape[1], own=True)


def code_bytes(codes: CodePair) -> float:
    """Bytes a gallery image that a scan of the codes reads: whole words of 64 bits where they are compared as such."""
    held = getattr(codes, "gallery_words", None)
    return codes.gallery.packed.shape[1] if held is None else 8 * len(held)


def _coded(contest: Contest, rows: slice, search: Callable[[CodePair, slice], Any]) -> tuple[Any, Stages]:
    """What `search(pair, its rows)` gives from the queries' embeddings on, and the stages."""
    if not contest.from_embedding:
        start = perf_counter_ns()
        return search(contest.codes, rows), {"scan and select": perf_counter_ns() - start}
    t0 = perf_counter_ns()
    with blas_threads(1):  # whose threads would share the cores with the scan
        pair = contest.codes.encoded(contest.space.queries[rows], contest.hasher)
    t1 = perf_counter_ns()
    found = search(pair, slice(0, rows.stop - rows.start))
    return found, {"hash": t1 - t0, "scan and select": perf_counter_ns() - t1}
