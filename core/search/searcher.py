"""Exact, hashed, Hamming and asymmetric search of one set of queries in one gallery: the place where they are composed.

Curves, trade-off, retrieval, tables, timings and scale ask a `Searcher` and do not know which backend ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.errors import unknown_name
from core.search.door import Ranking, VectorIndex
from core.search.kinds import SEARCHES

SCAN, RERANK = "scan and select", "gather and re-rank"  # stages of hashed search
Mark = Callable[[str], None]


class RankedByCode(Protocol):
    """Codes of the queries and of the gallery, and how they are compared (`core.codes.pair`)."""

    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        """The items of nearest code to some queries, by distance."""

    def rank_asymmetric(self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None) -> Ranking:
        """The same by the queries' real values; BadInput where they have none."""


@dataclass(frozen=True)
class Searcher:
    """`queries` float32 (Q, d) and `exclude` int64 (Q,) as in `VectorIndex.rank`; `gallery` float32 (N, d).

    `open_vectors` gives its index and `open_codes` the codes, each where a search needs it.

    Rows of queries and a depth in, a `Ranking` out; no depth is above the items that a query can find.
    """

    queries: np.ndarray
    exclude: np.ndarray
    gallery: np.ndarray
    open_vectors: Callable[[], VectorIndex]
    open_codes: Callable[[], RankedByCode]
    threads: int | None = None
    note: Callable[[str], None] | None = None  # as in `SearchBackend.note`

    def rank(self, search: str, rows: slice, depth: int, shortlist: int) -> Ranking:
        """The ranking by a search of that name; `shortlist` is hashed search's."""
        if search == "exact":
            return self.exact(rows, depth)
        if search == "hashed":
            return self.hashed(rows, shortlist, depth)
        if search == "hamming":
            return self.by_code(rows, depth)
        if search == "asymmetric":
            return self.asymmetric(rows, depth)
        raise unknown_name("search", search, SEARCHES)

    def exact(self, rows: slice, depth: int) -> Ranking:
        """By inner product with the embeddings."""
        return self.open_vectors().rank(self.queries[rows], self.exclude[rows], depth, threads=self.threads)

    def by_code(self, rows: slice, depth: int, scores: bool = True) -> Ranking:
        """By distance of the codes; without `scores` the ids alone."""
        return self.open_codes().rank(rows, depth, self.exclude[rows], self.threads, scores)

    def hashed(self, rows: slice, shortlist: int, depth: int, mark: Mark | None = None) -> Ranking:
        """The `shortlist` items of nearest code, ranked again by inner product; `mark` is told each stage's end."""
        near = self.by_code(rows, shortlist, scores=False).ids
        if mark:
            mark(SCAN)
        found = self.open_vectors().rerank(self.queries[rows], near, depth, self.threads)
        if mark:
            mark(RERANK)
        return found

    def asymmetric(self, rows: slice, depth: int) -> Ranking:
        """By the queries' real values against the gallery's bits."""
        if self.note:
            self.note("asymmetric search is made in this process")
        return self.open_codes().rank_asymmetric(rows, depth, self.exclude[rows], self.threads)
