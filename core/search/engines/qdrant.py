"""Qdrant: a server at `host:port` or a URL, or embedded in this process at `embedded:FOLDER`.

Qdrant has no Hamming distance. Codes are kept as vectors of +1 and -1, whose product is width - 2 distances: exact in
float32, for 32 times the bytes. Codes have no approximate index: binary quantisation would only make
the same codes of them again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np

from core.search.engines.clients import must_have_kind
from core.search.engines.engine import ApproximateIndex, Collection, EngineError, SearchEngine

BUILD = {"m": 16, "ef_construct": 100}  # of the graph over quantised vectors
SEARCH = {"ef": 128, "oversampling": 3, "rescore": 1}


class Store(ABC):
    """Where points are: a server, or a folder. Points have an id and one vector, named by the kind of collection."""

    address: str
    version: str

    @abstractmethod
    def held(self, name: str) -> Collection | None: ...

    @abstractmethod
    def create(self, collection: Collection) -> None: ...

    @abstractmethod
    def present(self, name: str, first: int, stop: int) -> list[int]: ...

    @abstractmethod
    def insert(self, collection: Collection, ids: list[int], rows: list[list[float]]) -> None: ...

    @abstractmethod
    def finish(self, name: str) -> None: ...

    @abstractmethod
    def read(self, collection: Collection, ids: list[int]) -> dict[int, list[float]]:
        """Vectors by id; those that are not there are left out."""

    @abstractmethod
    def drop(self, name: str) -> None: ...

    @abstractmethod
    def quantise(self, collection: Collection, build: dict[str, int]) -> None:
        """Binary quantisation and a graph over it; returns when they are complete."""

    @abstractmethod
    def query(
        self, collection: Collection, queries: list[list[float]], depth: int, quantised: dict[str, int] | None
    ) -> list[list[tuple[int, float]]]:
        """Ids and products, best first, of each query: of all vectors, or by the quantised ones with these options."""

    @abstractmethod
    def ping(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class Qdrant(SearchEngine):
    """Qdrant by its client, or by its library inside this process."""

    name = "qdrant"
    batch = 100
    rows = 5000
    kinds: ClassVar = {"vectors": ("BINARY",), "codes": ()}

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def connect(cls, address: str) -> Self:
        embedded = address.startswith("embedded:")
        where = "qdrant_embedded" if embedded else "qdrant_server"
        store: type[Any] = import_module(f"core.search.engines.{where}").STORE
        return cls(store(address.removeprefix("embedded:")))

    @property
    def version(self) -> str:
        return self._store.version

    def held(self, name: str) -> Collection | None:
        return self._store.held(name)

    def create(self, collection: Collection) -> None:
        self._store.create(collection)

    def present(self, collection: Collection, first: int, stop: int) -> np.ndarray:
        return np.array(self._store.present(collection.name, int(first), int(stop)), np.int64)

    def insert(self, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        self._store.insert(collection, ids.tolist(), _floats(collection, rows).tolist())

    def finish(self, collection: Collection) -> None:
        self._store.finish(collection.name)

    def read(self, collection: Collection, ids: np.ndarray) -> np.ndarray:
        found = self._store.read(collection, ids.tolist())
        if missing := set(ids.tolist()) - set(found):
            raise EngineError(f"{self.name} lacks row {min(missing)} of '{collection.name}': load it again")
        rows = np.array([found[row] for row in ids.tolist()], np.float32).reshape(len(ids), collection.width)
        return np.packbits(rows > 0, axis=1) if collection.kind == "codes" else rows

    def drop(self, name: str) -> None:
        self._store.drop(name)

    def near(self, collection: Collection, queries: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        return self._nearest(collection, queries, depth, None)

    def build(self, collection: Collection, index: ApproximateIndex) -> None:
        must_have_kind(type(self), collection, index)
        self._store.quantise(collection, _whole(index.build, BUILD))

    def search(
        self, collection: Collection, index: ApproximateIndex, queries: np.ndarray, depth: int
    ) -> tuple[np.ndarray, np.ndarray]:
        must_have_kind(type(self), collection, index)
        return self._nearest(collection, queries, depth, _whole(index.search, SEARCH))

    def round_trip(self) -> None:
        self._store.ping()

    def close(self) -> None:
        self._store.close()

    def _nearest(
        self, collection: Collection, queries: np.ndarray, depth: int, quantised: dict[str, int] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        codes = collection.kind == "codes"
        ids = np.full((len(queries), depth), -1, np.int64)
        scores = np.full((len(queries), depth), -np.inf)
        asked = _floats(collection, queries).tolist()
        for place, hits in enumerate(self._store.query(collection, asked, depth, quantised)):
            if hits:
                ids[place, : len(hits)], scores[place, : len(hits)] = zip(*hits, strict=True)
        return ids, np.rint((collection.width - scores) / 2) if codes else scores


def _floats(collection: Collection, rows: np.ndarray) -> np.ndarray:
    """Rows as Qdrant keeps them, float32 (n, width)."""
    if collection.kind == "vectors":
        return rows
    return np.unpackbits(rows, axis=1).astype(np.float32) * 2 - 1


def _whole(given: Mapping[str, int | str], known: Mapping[str, int]) -> dict[str, int]:
    """All known options, as given or else as here."""
    for key, value in given.items():
        if key not in known or not str(value).isascii() or not str(value).isdigit():
            raise EngineError(
                f"option '{key}' = '{value}' of an index of qdrant: "
                f"expected a whole number for one of {', '.join(known)}"
            )
    return {**known, **{key: int(value) for key, value in given.items()}}


ENGINE = Qdrant
