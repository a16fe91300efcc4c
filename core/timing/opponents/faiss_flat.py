"""Exact search by the flat index of faiss, which does not tell its stages apart."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.timing.opponents.contender import Contender, SearchInputs, Stages, depth_to_ask, drop_self


def exact_faiss(inputs: SearchInputs) -> Contender:
    """The side `exact-faiss`."""
    import faiss

    task, k = inputs.task, inputs.k
    index = faiss.IndexFlatIP(task.gallery.shape[1])
    index.add(task.gallery)

    def one(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        own = task.exclude[q]
        top = index.search(task.queries[q : q + 1], k + int(own >= 0))[1][0]
        if own >= 0:
            top = top[top != own][:k]
        return top, {"product and select": perf_counter_ns() - t0}

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        queries, exclude = task[rows]
        ids = drop_self(index.search(queries, depth_to_ask(exclude, k))[1], exclude, k)
        return ids, {"product and select": perf_counter_ns() - t0}

    return Contender("exact-faiss", "exact", one, many, task.gallery[0].nbytes)
