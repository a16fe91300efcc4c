"""What every way to compare codes offers. Search, metrics, pages and timings know no more of a distance than this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from core.codes.codes import Codes
from core.codes.query_hash import QueryHash
from core.errors import BadInput
from core.search.asymmetric import rank_asymmetric
from core.search.door import Ranking, SearchBackend

if TYPE_CHECKING:
    from core.hashing.base import HashMethod
    from core.hashing.info import HashInfo


Levels = tuple[np.ndarray, np.ndarray]  # all and relevant items at each distance, int32 (Q, D) both


class Scan(ABC):
    """One query at a time on one thread, in the stages that are timed; arrays are used again by the next call."""

    makes_code: bool = True  # whether `prepare` starts from the query's embedding

    @abstractmethod
    def prepare(self, query: int) -> np.ndarray:
        """What the gallery's codes are compared with, for the query of that row."""

    @abstractmethod
    def scan(self, prepared: np.ndarray) -> np.ndarray:
        """The distances (N,) of all items."""

    @abstractmethod
    def select(self, exclude: int) -> np.ndarray:
        """Ids int32 (depth,) of the nearest of the last `scan`, which is used up; `exclude` -1 leaves nothing out."""


@dataclass(frozen=True)
class CodePair(ABC):
    """Codes of the queries and of the gallery, and how they are compared; `embeddings` float32 (Q, d) are queries'."""

    hash: str
    queries: Codes
    gallery: Codes
    embeddings: np.ndarray

    title: ClassVar[tuple[str, str]] = ("D", "code distance")  # short and long name of the distance
    by_hamming: ClassVar[bool] = False  # whether a radius counts bits
    whole: ClassVar[bool] = True  # distances are whole numbers, so that items tie

    @classmethod
    @abstractmethod
    def make(
        cls, info: HashInfo, queries: Codes, gallery: Codes, embeddings: np.ndarray, method: HashMethod | None
    ) -> Self:
        """The pair of two splits' codes; `method` made them, None where the distance needs no method."""

    @abstractmethod
    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        """The `depth` nearest items of some queries; `exclude` int64 of these rows, as in exact search."""

    def searched_by(self, backend: SearchBackend, label: str) -> Self:
        """The same codes, ranked by a backend where it knows this distance."""
        backend.note(f"hash '{self.hash}' is not compared by Hamming distance: its codes are searched in this process")
        return self

    @abstractmethod
    def scanner(self, depth: int, hasher: QueryHash | None = None) -> Scan:
        """The same search, one query at a time. `hasher` makes a code of an embedding where the distance needs one."""

    @abstractmethod
    def encoded(self, queries: np.ndarray, hasher: QueryHash | None) -> Self:
        """The pair whose queries are these embeddings, what they are compared by made now, as far as it can be."""

    def levels(
        self, labels: np.ndarray, gallery_labels: np.ndarray, exclude: np.ndarray, depth: int, threads: int | None
    ) -> Levels | None:
        """All and relevant items at each distance, at least as far as the first `depth` items reach.

        `labels` int64 (Q,) and `gallery_labels` int64 (N,). None where distances are no whole numbers.
        """
        return None

    @property
    def bits(self) -> int:
        """The true length of the codes."""
        return self.gallery.bits

    @property
    def nbytes(self) -> int:
        """Memory held beside the gallery's own codes, bytes."""
        return self.queries.nbytes

    def distances(self, rows: slice, ids: np.ndarray) -> np.ndarray:
        """The distances of the items `ids` int (Q, ...) to some queries: int64, or float64 where not whole."""
        scanner = self.scanner(1)
        found = np.empty(ids.shape, np.int64 if self.whole else np.float64)
        for place, query in enumerate(range(*rows.indices(len(self.embeddings)))):
            found[place] = scanner.scan(scanner.prepare(query))[ids[place]]
        return found

    def rank_asymmetric(self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None) -> Ranking:
        """The `depth` items of largest asymmetric score; BadInput for codes that have no real values."""
        return Ranking(*rank_asymmetric(self.real_values()[rows], self.gallery.packed, depth, exclude, threads))

    def real_values(self) -> np.ndarray:
        """The queries' values float32 (Q, bits); BadInput for codes that have none, or NaN or infinite ones."""
        if self.queries.project is None:
            raise BadInput(f"hash '{self.hash}' has no real values: asymmetric search cannot use it")
        if not self._finite:
            raise BadInput(f"hash '{self.hash}' has NaN or infinite real values: make its codes again")
        return self.queries.values

    @cached_property
    def _finite(self) -> bool:
        """Whether all real values are numbers: looked at once, since searches ask for the values block by block."""
        return bool(np.isfinite(self.queries.values).all())
