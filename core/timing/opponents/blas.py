"""Exact search as NumPy's users write it: a matrix product by BLAS, a partial sort, a sort of what is left."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.engine.task import RetrievalTask
from core.runtime.parallel import blocks
from core.timing.opponents.contender import Contender, Searched, SearchInputs, SearchOne, Stages

_SCORES = 2_000_000  # float32 scores a matrix product makes at once (8 MB)


def exact_blas(inputs: SearchInputs) -> Contender:
    """The side `exact-blas`."""

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        return batch_blas(inputs.task, *inputs.task[rows], inputs.k)

    return Contender("exact-blas", "exact", one_blas(inputs.task, inputs.k), many, inputs.task.gallery[0].nbytes)


def one_blas(task: Searched, k: int) -> SearchOne:
    """One query at a time."""
    exclude = task.exclude

    def search(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        scores = task.gallery @ task.queries[q]
        t1 = perf_counter_ns()
        if exclude[q] >= 0:
            scores[exclude[q]] = -np.inf
        top = np.argpartition(scores, len(scores) - k)[-k:]
        top = top[np.argsort(-scores[top], kind="stable")]
        return top, {"product": t1 - t0, "select": perf_counter_ns() - t1}

    return search


def batch_blas(task: RetrievalTask, queries: np.ndarray, exclude: np.ndarray, k: int) -> tuple[np.ndarray, Stages]:
    """Top k by matrix products of as many queries as keep the scores small, then partial sorts."""
    found = np.empty((len(queries), k), np.int64)
    product = select = 0
    for rows in blocks(len(queries), max(1, _SCORES // len(task.gallery))):
        t0 = perf_counter_ns()
        scores = queries[rows] @ task.gallery.T
        t1 = perf_counter_ns()
        if len(own := np.flatnonzero(exclude[rows] >= 0)):
            scores[own, exclude[rows][own]] = -np.inf
        top = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        found[rows] = np.take_along_axis(top, order, axis=1)
        product, select = product + t1 - t0, select + perf_counter_ns() - t1
    return found, {"product": product, "select": select}
