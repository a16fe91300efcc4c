"""The memory engine with the vectors and the codes of a setting, and indexes that find all, half or little of them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from core.studies.approximate.subject import open_subject
from tests.core.search.engines.memory_engine import MemoryEngine


class KnownEngine(MemoryEngine):
    """`ALL` finds what exact search finds, `HALF` the even ids alone, `FEW` the best items and no more than `found`."""

    kinds: ClassVar = {"vectors": ("ALL", "HALF", "FEW"), "codes": ("ALL", "HALF", "FEW")}
    version = "1.5"

    def __init__(self) -> None:
        super().__init__()
        self.built, self.searched = [], []

    def build(self, collection, index):
        super().build(collection, index)
        self.built.append((collection.kind, index.kind, dict(index.build)))

    def search(self, collection, index, queries, depth):
        self.searched.append((index.kind, dict(index.search), len(queries), depth))
        if index.kind == "HALF":
            return super().search(collection, index, queries, depth)
        rows = self._rows(collection)
        if collection.kind == "codes":
            scores = np.bitwise_count(queries[:, None] ^ rows[None]).sum(axis=2, dtype=np.int64)
            keys = scores
        else:
            scores = queries.astype(np.float64) @ rows.astype(np.float64).T
            keys = -scores
        ids = np.argsort(keys, axis=1, kind="stable")[:, :depth]  # in this project's order of ties
        scores = np.take_along_axis(scores, ids, axis=1)
        if index.kind == "FEW":
            ids[:, int(index.search["found"]) :] = -1
        return ids, scores

    def _rows(self, collection):
        kept = self.stored[collection.name][1]
        return np.stack([kept[place] for place in range(len(kept))])


def load(server, *settings):
    """Insert the vectors and the codes of resolved settings."""
    for at in settings:
        for of in ("vectors", "codes"):
            subject = open_subject(at, of)
            if server.held(subject.collection.name) is None:
                server.create(subject.collection)
                server.insert(subject.collection, np.arange(len(subject.rows)), subject.rows)
    return server
