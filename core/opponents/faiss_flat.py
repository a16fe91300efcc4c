"""Exact search by the flat index of faiss, which does not tell its stages apart."""

from __future__ import annotations

from time import perf_counter_ns

import numpy as np

from core.opponents.side import Contest, Side, Stages, drop_self


def exact_faiss(contest: Contest) -> Side:
    """The side `exact-faiss`."""
    import faiss

    space, k = contest.space, contest.k
    index = faiss.IndexFlatIP(space.gallery.shape[1])
    index.add(space.gallery)
    depth = min(k + 1, index.ntotal)

    def one(q: int) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        found = index.search(space.queries[q : q + 1], depth)[1][0]
        top = found[found != space.exclude[q]][:k]
        return top, {"product and select": perf_counter_ns() - t0}

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        t0 = perf_counter_ns()
        queries, exclude = space[rows]
        ids = drop_self(index.search(queries, depth)[1], exclude, k)
        return ids, {"product and select": perf_counter_ns() - t0}

    return Side("exact-faiss", "exact", one, many, space.gallery[0].nbytes)
