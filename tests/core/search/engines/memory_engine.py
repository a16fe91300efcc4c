"""An engine in memory: NumPy in float32, ties in an order of its own, and faults when they are asked for."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from core.search.engines.engine import ApproximateIndex, Collection, EngineError, SearchEngine


class MemoryEngine(SearchEngine):
    name = "memory"
    deepest = None
    batch = 7
    rows = 16
    kinds: ClassVar = {"vectors": ("HALF",), "codes": ("HALF",)}
    version = "1"

    def __init__(self) -> None:
        self.stored: dict[str, tuple[Collection, dict[int, np.ndarray]]] = {}
        self.down = False
        self.asked = 0

    @classmethod
    def connect(cls, address: str) -> Self:
        return cls()

    def _answer(self) -> None:
        if self.down:
            raise EngineError("memory does not answer at 'nowhere': start it")

    def held(self, name: str) -> Collection | None:
        self._answer()
        if name not in self.stored:
            return None
        made, rows = self.stored[name]
        return Collection(name, made.kind, made.width, len(rows))

    def create(self, collection: Collection) -> None:
        self._answer()
        self.stored[collection.name] = (collection, {})

    def present(self, collection: Collection, first: int, stop: int) -> np.ndarray:
        self._answer()
        kept = self.stored[collection.name][1]
        return np.array([i for i in range(first, stop) if i in kept], np.int64)

    def insert(self, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        self._answer()
        kept = self.stored[collection.name][1]
        assert not set(ids.tolist()) & set(kept), "a row twice"
        kept.update(zip(ids.tolist(), rows.copy(), strict=True))

    def finish(self, collection: Collection) -> None:
        self._answer()

    def read(self, collection: Collection, ids: np.ndarray) -> np.ndarray:
        self._answer()
        kept = self.stored[collection.name][1]
        return np.stack([kept[i] for i in ids.tolist()])

    def drop(self, name: str) -> None:
        self._answer()
        self.stored.pop(name, None)

    def near(self, collection: Collection, queries: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        self._answer()
        assert len(queries) <= self.batch
        self.asked += len(queries)
        kept = self.stored[collection.name][1]
        rows = np.stack([kept[i] for i in range(len(kept))])
        if collection.kind == "codes":
            scores = np.bitwise_count(queries[:, None] ^ rows[None]).sum(axis=2, dtype=np.int64)
            keys = scores
        else:
            scores = queries @ rows.T
            keys = -scores
        order = np.lexsort((-np.arange(len(rows)) * np.ones_like(keys), keys))[
            :, :depth
        ]  # the last of equal ones first
        ids = np.full((len(queries), depth), -1, np.int64)
        found = np.zeros((len(queries), depth))
        ids[:, : order.shape[1]] = order
        found[:, : order.shape[1]] = np.take_along_axis(scores, order, axis=1)
        return ids, found

    def build(self, collection: Collection, index: ApproximateIndex) -> None:
        self._answer()

    def search(
        self, collection: Collection, index: ApproximateIndex, queries: np.ndarray, depth: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of the even ids alone: half of what there is is missed."""
        ids, scores = self.near(collection, queries, len(self.stored[collection.name][1]))
        kept = [row[row % 2 == 0][:depth] for row in ids]
        width = min(map(len, kept))
        return np.stack([row[:width] for row in kept]), scores[:, :width]

    def round_trip(self) -> None:
        self._answer()

    def close(self) -> None:
        pass
