"""What a search engine outside this process has to offer: collections of rows, and the nearest rows of a query.

It may order equal items as it likes and sum products in float32: `core.search.settled` makes its answers exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

import numpy as np

from core.errors import BadInput

Kind = Literal["vectors", "codes"]


class EngineError(BadInput):
    """An engine that cannot be reached, is of another version, refuses a request or holds other data."""


@dataclass(frozen=True)
class Collection:
    """The rows of one gallery in an engine, whose ids are 0 to `count` - 1.

    `vectors` are float32 of `width` dimensions, compared by inner product; `codes` are packed uint8 of `width` bits, a
    multiple of 8, compared by Hamming distance.
    """

    name: str
    kind: Kind
    width: int
    count: int


@dataclass(frozen=True)
class ApproximateIndex:
    """An index that may miss items: its kind by the engine's name for it, what it is built with, and what a search
    takes, such as `IVF_FLAT`, {"nlist": 128} and {"nprobe": 16}."""

    kind: str
    build: Mapping[str, int | str] = field(default_factory=dict)
    search: Mapping[str, int | str] = field(default_factory=dict)


class SearchEngine(ABC):
    """A connection to an engine; many threads may use it at once. What it raises is an `EngineError`.

    `deepest`: the most items of an answer, None for any number; `batch`: the most queries of a request;
    `rows`: how many rows are inserted at once; `kinds`: the approximate indexes that it has for vectors and for codes.
    """

    name: ClassVar[str]
    deepest: ClassVar[int | None] = None
    batch: ClassVar[int] = 1000
    rows: ClassVar[int] = 10_000
    kinds: ClassVar[Mapping[Kind, tuple[str, ...]]] = {"vectors": (), "codes": ()}

    @classmethod
    @abstractmethod
    def connect(cls, address: str) -> Self:
        """The engine at an address; EngineError where none answers, or its client package is not installed."""

    @property
    @abstractmethod
    def version(self) -> str:
        """The version that the server says it has."""

    @abstractmethod
    def held(self, name: str) -> Collection | None:
        """The collection of that name with the rows that are there now; None where there is none."""

    @abstractmethod
    def create(self, collection: Collection) -> None:
        """Make an empty collection, in which `collection.count` rows are to be inserted."""

    @abstractmethod
    def present(self, collection: Collection, first: int, stop: int) -> np.ndarray:
        """Which of the ids first to stop - 1 are there, int64 ascending: a load that was cut off goes on by it."""

    @abstractmethod
    def insert(self, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        """Add rows, float32 (n, d) or packed uint8 (n, width / 8), under these ids; all of them or none."""

    @abstractmethod
    def finish(self, collection: Collection) -> None:
        """Make all rows searchable without approximation; returns when they are."""

    @abstractmethod
    def read(self, collection: Collection, ids: np.ndarray) -> np.ndarray:
        """The rows of these ids, as they were inserted and in this order."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Remove a collection and its indexes; nothing happens where there is none."""

    @abstractmethod
    def near(self, collection: Collection, queries: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        """Of at most `batch` queries, as rows are inserted, the best `depth` of all rows, best first: ids int64
        (Q, depth), -1 where there are fewer, and scores (Q, depth), products or distances. Nothing is approximate."""

    @abstractmethod
    def build(self, collection: Collection, index: ApproximateIndex) -> None:
        """Build an approximate index of a collection, whatever was there before; returns when it is complete."""

    @abstractmethod
    def search(
        self, collection: Collection, index: ApproximateIndex, queries: np.ndarray, depth: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same as `near`, by an approximate index that `build` has made."""

    @abstractmethod
    def round_trip(self) -> None:
        """The least request there is: what the way to the server and back takes."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back."""
