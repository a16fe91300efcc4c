"""What is timed: queries on the first N rows of a large gallery, and codes of one length on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter_ns

import numpy as np

from core.codes.query_hash import QueryHash
from core.runtime.parallel import blocks
from core.search.door import CodeIndex, PackedCodes, Ranking, VectorIndex, Vectors
from core.search.local import LOCAL
from core.search.searcher import Searcher
from core.timing.opponents.blas import one_blas
from core.timing.opponents.contender import SearchOne, StopWatch

FAISS_BATCH = 1_000_000  # gallery rows
_PLAIN = 100_000  # gallery rows that the plain exact search copies at a time


@dataclass(frozen=True)
class Trial:
    """`queries` float32 (Q, d), `gallery` float32 (N, d), perhaps mapped, labels int64; `longest` bounds a row."""

    queries: np.ndarray
    query_labels: np.ndarray
    gallery: np.ndarray
    labels: np.ndarray
    longest: float

    @property
    def exclude(self) -> np.ndarray:
        """No query is in the gallery: -1 for each, int64 (Q,)."""
        return np.full(len(self.queries), -1)

    @cached_property
    def index(self) -> VectorIndex:
        """The gallery, opened; it stays where it is."""
        return LOCAL.open_vectors(Vectors(self.gallery, self.longest))

    def searcher(self, rows: slice, coded: Coded, threads: int) -> Searcher:
        """The searches of some queries, whose codes are made when a search asks for them."""
        queries = self.queries[rows]
        return Searcher(
            queries, self.exclude[rows], self.gallery, lambda: self.index, lambda: coded.of(queries), threads
        )

    def first(self, count: int) -> Trial:
        """The same queries on the first `count` rows."""
        return Trial(self.queries, self.query_labels, self.gallery[:count], self.labels[:count], self.longest)


@dataclass(frozen=True)
class Coded:
    """Codes of the gallery, `words` uint64 (W, N) of `bits` bits, and the step from a query's embedding to its code."""

    bits: int
    words: np.ndarray
    hasher: QueryHash

    @cached_property
    def index(self) -> CodeIndex:
        """The codes, opened; they stay where they are."""
        return LOCAL.open_codes(PackedCodes(self.bits, self.words))

    def of(self, queries: np.ndarray) -> CodedQueries:
        """The same with the codes of queries float32 (Q, d)."""
        one = len(queries) == 1
        return CodedQueries(self.index, self.hasher.one(queries[0])[:, None] if one else self.hasher.many(queries))

    def first(self, count: int) -> Coded:
        """The codes of the first `count` rows."""
        return Coded(self.bits, np.ascontiguousarray(self.words[:, :count]), self.hasher)


@dataclass(frozen=True)
class CodedQueries:
    """Codes uint64 (W, Q) of some queries, and the gallery's."""

    index: CodeIndex
    words: np.ndarray

    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        return self.index.rank(self.words[:, rows], exclude, depth, threads=threads, scores=scores)

    def rank_asymmetric(self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None) -> Ranking:
        raise NotImplementedError("no asymmetric search is timed at scale")


def exact_sides(trial: Trial, k: int) -> dict[str, SearchOne]:
    """One query's exact search by BLAS, by faiss and by this project's chunked search; none copies the gallery."""
    import faiss

    queries, gallery = trial.queries, trial.gallery

    def flat(q: int) -> tuple[np.ndarray, dict[str, int]]:
        t0 = perf_counter_ns()
        found = faiss.knn(queries[q : q + 1], gallery, k, metric=faiss.METRIC_INNER_PRODUCT)[1][0]
        return found, {"product and select": perf_counter_ns() - t0}

    def chunked(q: int) -> tuple[np.ndarray, dict[str, int]]:
        t0 = perf_counter_ns()
        found = trial.index.rank(queries[q : q + 1], trial.exclude[:1], k, threads=1).ids[0]
        return found, {"product and select": perf_counter_ns() - t0}

    return {"exact-blas": one_blas(trial, k), "exact-faiss": flat, "exact-chunked": chunked}


def hashed_side(trial: Trial, coded: Coded, shortlist: int, k: int) -> SearchOne:
    """One query's hashed search, from its embedding on."""

    def search(q: int) -> tuple[np.ndarray, dict[str, int]]:
        watch = StopWatch()
        codes = coded.of(trial.queries[q : q + 1])
        watch.mark("hash")
        searcher = replace(trial.searcher(slice(q, q + 1), coded, 1), open_codes=lambda: codes)
        return searcher.hashed(slice(0, 1), shortlist, k, watch.mark).ids[0], watch.stages

    return search


def batch_sides(
    trial: Trial, coded: Coded, shortlist: int, k: int, threads: int
) -> dict[str, Callable[[], np.ndarray]]:
    """All queries at once: exact search by faiss and by this project's chunked search, and hashed search.

    faiss stands in galleries of up to `FAISS_BATCH` rows: at 10 million its batch took 12 minutes.
    """
    import faiss

    queries, gallery = trial.queries, trial.gallery
    every, searcher = slice(0, len(queries)), trial.searcher(slice(None), coded, threads)
    flat = {"exact-faiss": lambda: faiss.knn(queries, gallery, k, metric=faiss.METRIC_INNER_PRODUCT)[1]}
    return {
        **(flat if len(gallery) <= FAISS_BATCH else {}),
        "exact-chunked": lambda: searcher.exact(every, k).ids,
        "hashed": lambda: searcher.hashed(every, shortlist, k).ids,
    }


def plain_exact(trial: Trial, rows: slice, k: int) -> np.ndarray:
    """Ids of exact search in NumPy alone: float64 products of a part of the gallery at a time, and a full sort."""
    found = []
    for part in blocks(len(trial.gallery), _PLAIN):
        products = trial.queries[rows].astype(np.float64) @ trial.gallery[part].astype(np.float64).T
        order = np.argsort(-products, axis=1, kind="stable")[:, :k]
        found.append((order + part.start, np.take_along_axis(products, order, axis=1)))
    ids, values = (np.concatenate(arrays, axis=1) for arrays in zip(*found, strict=True))
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]  # parts stand in order, which settles ties by index
    return np.take_along_axis(ids, order, axis=1)


def plain_hashed(trial: Trial, coded: Coded, rows: slice, shortlist: int, k: int) -> np.ndarray:
    """Ids int32 of the plain hashed search."""
    every = slice(0, len(trial.queries[rows]))
    return trial.searcher(rows, coded, 1).hashed(every, shortlist, k).ids
