"""An engine as a backend of the door: exact, whatever order of ties it has, and never the reason for a lost page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from core.search.door import CodeIndex, PackedCodes, Ranking, SearchBackend, VectorIndex, Vectors
from core.search.engines.collections import (
    check_held,
    code_bytes,
    collection_of_codes,
    collection_of_vectors,
)
from core.search.engines.engine import Collection, EngineError, SearchEngine
from core.search.local import LocalCodes, LocalVectors
from core.search.settled import Nearest, SettledCodes, SettledVectors

T = TypeVar("T")
_ANSWERED = ("engine-not-loaded", "engine-other-data")  # codes of errors of an engine that is there all the same


class EngineBackend(SearchBackend):
    """Searches by an engine that has loaded the galleries; unnamed ones are searched here.

    With `fall_back` whatever the engine cannot do now is done by this project's own kernels, and `notes` says so: lines
    in order, each once, and whether it is a failure. An engine that has failed is left alone from then on, since each
    attempt may take seconds: open another backend to try again. Without `fall_back` EngineError is raised.
    `asked` counts the queries that the engine answered.
    """

    def __init__(self, engine: SearchEngine, fall_back: bool = False) -> None:
        self.name = engine.name
        self.engine, self.fall_back = engine, fall_back
        self.notes: dict[str, bool] = {}
        self._lost: EngineError | None = None
        self.asked = 0
        self._lock = threading.Lock()

    def open_vectors(self, vectors: Vectors) -> VectorIndex:
        local = LocalVectors(vectors)
        if not vectors.label:
            return local

        def ready() -> VectorIndex:
            collection = collection_of_vectors(vectors)
            check_held(self.engine, collection, vectors.rows)
            return SettledVectors(_EngineNearest(self, collection), vectors)

        opened = self._or(ready, lambda: local)
        return _SafeVectors(self, opened, local) if self.fall_back and opened is not local else opened

    def open_codes(self, codes: PackedCodes) -> CodeIndex:
        local = LocalCodes(codes)
        if not codes.label:
            return local

        def ready() -> CodeIndex:
            collection = collection_of_codes(codes)
            check_held(self.engine, collection, _CodeRows(codes.words, collection))  # type: ignore[arg-type]
            return SettledCodes(_EngineNearest(self, collection), codes)

        opened = self._or(ready, lambda: local)
        return _SafeCodes(self, opened, local) if self.fall_back and opened is not local else opened

    def note(self, line: str, failure: bool = False) -> None:
        """Keep a remark, once."""
        with self._lock:
            self.notes.setdefault(line, failure)

    def count(self, queries: int) -> None:
        """Queries that the engine has answered."""
        with self._lock:
            self.asked += queries

    def _or(self, ask: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """What the engine gives, or what is done here where it cannot and that is allowed."""
        if self._lost is not None:
            return otherwise()
        try:
            return ask()
        except EngineError as error:
            if not self.fall_back:
                raise
            if error.code not in _ANSWERED:
                self._lost = error
            self.note(f"{error}; searched in this process", failure=True)
            return otherwise()


class AbsentBackend(SearchBackend):
    """The local backend in place of an engine that could not be reached; `notes` says why."""

    asked = 0

    def __init__(self, name: str, error: EngineError) -> None:
        self.name = name
        self.notes: dict[str, bool] = {f"{error}; searched in this process": True}

    def open_vectors(self, vectors: Vectors) -> VectorIndex:
        return LocalVectors(vectors)

    def open_codes(self, codes: PackedCodes) -> CodeIndex:
        return LocalCodes(codes)


class _EngineNearest(Nearest):
    """An engine's answers in requests of the size that it takes."""

    def __init__(self, backend: EngineBackend, collection: Collection) -> None:
        self.backend, self.collection = backend, collection
        self.most = backend.engine.deepest

    def near(self, queries: np.ndarray, depth: int, threads: int | None) -> tuple[np.ndarray, np.ndarray]:
        engine, size = self.backend.engine, self.backend.engine.batch
        if self.collection.kind == "codes":
            queries = np.ascontiguousarray(queries[:, : self.collection.width // 8])
        parts = [
            engine.near(self.collection, queries[first : first + size], depth) for first in range(0, len(queries), size)
        ]
        self.backend.count(len(queries))
        return np.concatenate([ids for ids, _ in parts]), np.concatenate([scores for _, scores in parts])

    def too_deep(self, queries: int) -> None:
        self.backend.note(
            f"{self.backend.name} returns at most {self.most:,} items: rankings that need more are made in this process"
        )


class _SafeVectors(VectorIndex):
    """An engine's index, and this project's own where the engine fails."""

    def __init__(self, backend: EngineBackend, engine: VectorIndex, local: VectorIndex) -> None:
        self.backend, self.engine, self.local = backend, engine, local

    def rank(
        self,
        queries: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
    ) -> Ranking:
        asked = (queries, exclude, depth, allowed, threads)
        return self.backend._or(lambda: self.engine.rank(*asked), lambda: self.local.rank(*asked))

    def rerank(self, queries: np.ndarray, shortlist: np.ndarray, depth: int, threads: int | None = None) -> Ranking:
        return self.local.rerank(queries, shortlist, depth, threads)


class _SafeCodes(CodeIndex):
    """The same of codes."""

    def __init__(self, backend: EngineBackend, engine: CodeIndex, local: CodeIndex) -> None:
        self.backend, self.engine, self.local = backend, engine, local

    def rank(
        self,
        words: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
        scores: bool = True,
    ) -> Ranking:
        asked = (words, exclude, depth, allowed, threads, scores)
        return self.backend._or(lambda: self.engine.rank(*asked), lambda: self.local.rank(*asked))


class _CodeRows:
    """Rows of codes by id, made when they are asked for."""

    def __init__(self, words: np.ndarray, collection: Collection) -> None:
        self.words, self.collection = words, collection

    def __getitem__(self, ids: np.ndarray) -> np.ndarray:
        return code_bytes(self.words[:, ids], self.collection)
