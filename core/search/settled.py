"""An engine that ranks in any order of ties and in float32, made exact: it is asked until nothing it has not returned
can belong to the top, and what it returned is ranked again by exact products, or by distance and index.

A fixed margin does not do: many images are nearly equal, so an engine's order of them is its own rounding's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from core.search.door import CodeIndex, PackedCodes, Ranking, VectorIndex, Vectors
from core.search.local import LocalCodes, LocalVectors
from core.search.products import gathered_products
from core.search.rounding import products_overflow, rounding_bounds

_SPARE = 32  # items asked for beyond the depth, at first


class Nearest(ABC):
    """What an engine has to offer: its best items of each query, in whatever order it gives equal ones.

    `most` is the deepest ranking that it gives, None for any.
    """

    most: int | None = None

    @abstractmethod
    def near(self, queries: np.ndarray, depth: int, threads: int | None) -> tuple[np.ndarray, np.ndarray]:
        """ids int64 (Q, depth), -1 where it has fewer, and scores (Q, depth), best first.

        For vectors `queries` are float32 (Q, d) and scores inner products summed in float32; for codes `queries` are
        packed uint8 (Q, B) and scores distances.
        """

    def too_deep(self, queries: int) -> None:  # noqa: B027  # whoever wants to know overrides it
        """Told of queries that are ranked by the local backend, because their ranking needs more than `most` items."""


class SettledVectors(VectorIndex):
    """Exact search by an engine that holds the same vectors; those here settle the order."""

    def __init__(self, engine: Nearest, vectors: Vectors) -> None:
        self.engine, self.local = engine, LocalVectors(vectors)

    def rank(
        self,
        queries: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
    ) -> Ranking:
        gallery, longest = self.local.rows, self.local.longest
        if products_overflow(queries, longest):  # the engine's float32 could not hold them
            return self.local.rank(queries, exclude, depth, allowed, threads)
        bounds = rounding_bounds(queries, longest)

        def settle(query: int, ids: np.ndarray, last: float) -> tuple[np.ndarray, np.ndarray, bool]:
            products = np.empty(len(ids))
            gathered_products(queries[query], gallery, ids, products)
            order = np.lexsort((ids, -products))[:depth]
            # What it did not return has at most the last product, give or take what float32 rounds.
            whole = len(order) == depth and last + bounds[query] < products[order[-1]]
            return ids[order], products[order], whole

        def local(rows: np.ndarray) -> Ranking:
            return self.local.rank(queries[rows], exclude[rows], depth, allowed, threads)

        def near(rows: np.ndarray, ask: int) -> tuple[np.ndarray, np.ndarray]:
            return self.engine.near(queries[rows], ask, threads)

        return _settled(self.engine, near, settle, local, len(gallery), exclude, depth, allowed)

    def rerank(self, queries: np.ndarray, shortlist: np.ndarray, depth: int, threads: int | None = None) -> Ranking:
        return self.local.rerank(queries, shortlist, depth, threads)


class SettledCodes(CodeIndex):
    """Search by code by an engine that holds the same codes."""

    def __init__(self, engine: Nearest, codes: PackedCodes) -> None:
        self.engine, self.codes, self.local = engine, codes, LocalCodes(codes)

    def rank(
        self,
        words: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
        scores: bool = True,
    ) -> Ranking:
        packed, count = packed_rows(words), self.codes.words.shape[1]
        cap = self.codes.bits if self.codes.distance_cap is None else self.codes.distance_cap

        def settle(query: int, ids: np.ndarray, last: float) -> tuple[np.ndarray, np.ndarray, bool]:
            apart = np.bitwise_count(self.codes.words[:, ids] ^ words[:, query, None]).sum(axis=0, dtype=np.int64)
            apart = np.minimum(apart, cap)
            order = np.lexsort((ids, apart))[:depth]
            # Ties at the cut are whole only where something farther was returned.
            whole = len(order) == depth and min(last, cap) > apart[order[-1]]
            return ids[order], apart[order].astype(np.float64), whole

        def local(rows: np.ndarray) -> Ranking:
            return self.local.rank(words[:, rows], exclude[rows], depth, allowed, threads)

        def near(rows: np.ndarray, ask: int) -> tuple[np.ndarray, np.ndarray]:
            return self.engine.near(packed[rows], ask, threads)

        found = _settled(self.engine, near, settle, local, count, exclude, depth, allowed)
        return found if scores else Ranking(found.ids, found.scores[:, :0])


def packed_rows(words: np.ndarray) -> np.ndarray:
    """Codes uint64 (W, N), word-major, as packed uint8 (N, 8 W): what engines take."""
    return np.ascontiguousarray(words.T).view(np.uint8)


def _settled(
    engine: Nearest,
    near: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]],
    settle: Callable[[int, np.ndarray, float], tuple[np.ndarray, np.ndarray, bool]],
    local: Callable[[np.ndarray], Ranking],
    items: int,
    exclude: np.ndarray,
    depth: int,
    allowed: np.ndarray | None,
) -> Ranking:
    """Ask for more until each query's top is settled; what the engine cannot settle is left to the local backend."""
    ids = np.full((len(exclude), depth), -1, np.int32)
    scores = np.full((len(exclude), depth), np.nan)
    deepest = items if engine.most is None else min(items, engine.most)
    if deepest < min(depth, items):
        engine.too_deep(len(exclude))
        return local(np.arange(len(exclude)))
    ask, open_rows = min(deepest, depth + 1 + _SPARE), np.arange(len(exclude))
    while len(open_rows):
        found, values = near(open_rows, ask)
        left = []
        for query, row, value in zip(open_rows.tolist(), found, values, strict=True):
            seen = row[row >= 0]
            kept = seen[seen != exclude[query]]
            if allowed is not None:
                kept = kept[allowed[kept]]
            best, best_scores, whole = settle(query, kept.astype(np.int32), float(value[len(seen) - 1]))
            ids[query, : len(best)], scores[query, : len(best)] = best, best_scores
            if not whole and ask < items:
                left.append(query)
        open_rows = np.array(left, np.int64)
        if ask == deepest and len(open_rows):
            engine.too_deep(len(open_rows))
            ids[open_rows], scores[open_rows] = local(open_rows)
            break
        ask = min(deepest, 2 * ask)
    return Ranking(ids, scores)
