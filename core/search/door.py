"""The door to search: plain arrays in, ids and scores out, in one order, whoever searches.

A backend opens the vectors of a gallery, and codes of it, as an index each; neither knows of bundles, settings or
hashes. Every ranking follows one rule for ties: by similarity descending, or by distance ascending, then by index
ascending. So backends that say they are exact give the same ids, and a test runs them all through one set of tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np


class Ranking(NamedTuple):
    """The best items of each query, best first: `ids` int32 (Q, depth), -1 where there are fewer; `scores` float64
    (Q, depth), similarities or distances, (Q, 0) where they were not asked for."""

    ids: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Vectors:
    """A gallery's embeddings, compared by inner product: float32 (N, d), as `core.bundle.vectors` rounds them, perhaps
    a memory map. `longest` bounds the length of a row; None: all are read to find it. `label` says what they are, such
    as 'semantic test': an engine that holds the data itself finds it by that and its content, and not without.
    """

    rows: np.ndarray
    longest: float | None = None
    label: str = ""


@dataclass(frozen=True)
class PackedCodes:
    """A gallery's codes, compared by Hamming distance: uint64 (W, N), word-major, `bits` of them used, perhaps a memory
    map. Distances above `distance_cap` count as the cap (1: equal or not); None: they count as they are. `label` as in
    `Vectors`."""

    bits: int
    words: np.ndarray
    distance_cap: int | None = None
    label: str = ""


class VectorIndex(ABC):
    """Exact search among vectors."""

    @abstractmethod
    def rank(
        self,
        queries: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
    ) -> Ranking:
        """The `depth` items of largest inner product with each query.

        `queries` float32 (Q, d), in the gallery or not; `exclude` int64 (Q,), the item that a query leaves out, -1 for
        none; `allowed` bool (N,), the items that may be found (None: all); `threads` None: every core.
        """

    @abstractmethod
    def rerank(self, queries: np.ndarray, shortlist: np.ndarray, depth: int, threads: int | None = None) -> Ranking:
        """The same among each query's own items, `shortlist` int32 (Q, M) without repeats, M >= depth."""


class CodeIndex(ABC):
    """Search among codes."""

    @abstractmethod
    def rank(
        self,
        words: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
        scores: bool = True,
    ) -> Ranking:
        """The `depth` codes nearest to each query's, `words` uint64 (W, Q); the rest as in `VectorIndex.rank`.

        Without `scores` the ids alone, which take half the memory.
        """


class SearchBackend(ABC):
    """An implementation of both searches. `exact` says that its ids are those of every other exact backend."""

    name: str
    exact: ClassVar[bool] = True

    @abstractmethod
    def open_vectors(self, vectors: Vectors) -> VectorIndex:
        """An index of embeddings, ready to be searched by many threads."""

    @abstractmethod
    def open_codes(self, codes: PackedCodes) -> CodeIndex:
        """An index of codes, ready to be searched by many threads."""

    def note(self, line: str) -> None:  # noqa: B027  # of use only to a backend outside this process
        """Called with a line when this process makes a search in the backend's place."""


def no_exclusion(count: int) -> np.ndarray:
    """The `exclude` of queries that leave nothing out: int64 (count,) of -1."""
    return np.full(count, -1, np.int64)
