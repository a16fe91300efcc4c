"""Exact search as NumPy's users write it: a matrix product by BLAS, a partial sort, a sort of what is left."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.opponents.side import Contest, One, Searched, Side, Stages
from core.search.parallel import blocks
from core.space import Space

_SCORES = 2_000_000  # float32 scores a matrix product makes at once (8 MB)


def exact_blas(contest: Contest) -> Side:
    """The side `exact-blas`."""

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        return batch_blas(contest.space, *contest.space[rows], contest.k)

    return Side("exact-blas", "exact", one_blas(contest.space, contest.k), many, contest.space.gallery[0].nbytes)


def one_blas(space: Searched, k: int) -> One:
    """One query at a time."""
    exclude = space.exclude

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        scores = space.gallery @ space.queries[q]
        t1 = perf_counter_ns()
        if exclude[q] >= 0:
            scores[exclude[q]] = -np.inf
        top = np.argpartition(scores, len(scores) - k)[-k:]
        top = top[np.argsort(-scores[top], kind="stable")]
        return top, {"product": t1 - t0, "select": perf_counter_ns() - t1}

    return search


def batch_blas(space: Space, queries: np.ndarray, exclude: np.ndarray, k: int) -> tuple[np.ndarray, Stages]:
    """Top k by matrix products of as many queries as keep the scores small, then partial sorts."""
    found = np.empty((len(queries), k), np.int64)
    product = select = 0
    for rows in blocks(len(queries), max(1, _SCORES // len(space.gallery))):
        t0 = perf_counter_ns()
        scores = queries[rows] @ space.gallery.T
        t1 = perf_counter_ns()
        if len(own := np.flatnonzero(exclude[rows] >= 0)):
            scores[own, exclude[rows][own]] = -np.inf
        top = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        found[rows] = np.take_along_axis(top, order, axis=1)
        product, select = product + t1 - t0, select + perf_counter_ns() - t1
    return found, {"product": product, "select": select}
