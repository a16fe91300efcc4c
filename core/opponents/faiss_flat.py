"""Exact search by the flat index of faiss, which does not tell its stages apart."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.opponents.side import Contest, Side, Stages, depth_to_ask, drop_self


def exact_faiss(contest: Contest) -> Side:
    """The side `exact-faiss`."""
    import faiss

    space, k = contest.space, contest.k
    index = faiss.IndexFlatIP(space.gallery.shape[1])
    index.add(space.gallery)

    def one(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        own = space.exclude[q]
        top = index.search(space.queries[q : q + 1], k + int(own >= 0))[1][0]
        if own >= 0:
            top = top[top != own][:k]
        return top, {"product and select": perf_counter_ns() - t0}

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        queries, exclude = space[rows]
        ids = drop_self(index.search(queries, depth_to_ask(exclude, k))[1], exclude, k)
        return ids, {"product and select": perf_counter_ns() - t0}

    return Side("exact-faiss", "exact", one, many, space.gallery[0].nbytes)
