"""What is timed: queries on the first N rows of a large gallery, and codes of one length on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

from core.runtime.parallel import blocks
from core.search.exact import rank_exact
from core.search.hamming import rank_hamming
from core.search.hashed import rerank
from core.timing.opponents.blas import one_blas
from core.timing.opponents.contender import SearchOne
from core.timing.query_hashing import QueryHash

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

    def first(self, count: int) -> Trial:
        """The same queries on the first `count` rows."""
        return Trial(self.queries, self.query_labels, self.gallery[:count], self.labels[:count], self.longest)


@dataclass(frozen=True)
class Coded:
    """Codes of the gallery, `words` uint64 (W, N) of `bits` bits, and the step from a query's embedding to its code."""

    bits: int
    words: np.ndarray
    hasher: QueryHash

    def first(self, count: int) -> Coded:
        """The codes of the first `count` rows."""
        return Coded(self.bits, np.ascontiguousarray(self.words[:, :count]), self.hasher)


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
        found = rank_exact(queries[q : q + 1], gallery, k, threads=1, longest=trial.longest)[0][0]
        return found, {"product and select": perf_counter_ns() - t0}

    return {"exact-blas": one_blas(trial, k), "exact-faiss": flat, "exact-chunked": chunked}


def hashed_side(trial: Trial, coded: Coded, shortlist: int, k: int) -> SearchOne:
    """One query's hashed search, from its embedding on."""

    def search(q: int) -> tuple[np.ndarray, dict[str, int]]:
        t0 = perf_counter_ns()
        words = coded.hasher.one(trial.queries[q])[:, None]
        t1 = perf_counter_ns()
        near = rank_hamming(words, coded.words, coded.bits, shortlist, threads=1).ids
        t2 = perf_counter_ns()
        found = rerank(trial.queries[q : q + 1], trial.gallery, near, k, 1)[0][0]
        return found, {"hash": t1 - t0, "scan and select": t2 - t1, "gather and re-rank": perf_counter_ns() - t2}

    return search


def batch_sides(
    trial: Trial, coded: Coded, shortlist: int, k: int, threads: int
) -> dict[str, Callable[[], np.ndarray]]:
    """All queries at once: exact search by faiss and by this project's chunked search, and hashed search.

    faiss stands in galleries of up to `FAISS_BATCH` rows: at 10 million its batch took 12 minutes.
    """
    import faiss

    queries, gallery = trial.queries, trial.gallery

    def hashed() -> np.ndarray:
        words = coded.hasher.many(queries)
        near = rank_hamming(words, coded.words, coded.bits, shortlist, threads=threads).ids
        return rerank(queries, gallery, near, k, threads)[0]

    flat = {"exact-faiss": lambda: faiss.knn(queries, gallery, k, metric=faiss.METRIC_INNER_PRODUCT)[1]}
    return {
        **(flat if len(gallery) <= FAISS_BATCH else {}),
        "exact-chunked": lambda: rank_exact(queries, gallery, k, threads=threads, longest=trial.longest)[0],
        "hashed": hashed,
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
    words = coded.hasher.many(trial.queries[rows])
    near = rank_hamming(words, coded.words, coded.bits, shortlist, threads=1).ids
    return rerank(trial.queries[rows], trial.gallery, near, k, 1)[0]
