"""A distance that the hash method itself tells, in plain NumPy: for a new idea, before it has a kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from core.codes.codes import Codes
from core.codes.pair import CodePair
from core.codes.real import RealScan
from core.hashing.base import HashMethod
from core.runtime.parallel import run_blocks
from core.search.door import Ranking

if TYPE_CHECKING:
    from core.codes.query_hash import QueryHash
    from core.hashing.info import HashInfo


@dataclass(frozen=True)
class OwnPair(CodePair):
    """`method` tells how far each code is from a query's embedding."""

    method: HashMethod

    title: ClassVar[tuple[str, str]] = ("D", "distance of the method's own")
    whole: ClassVar[bool] = False

    @classmethod
    def make(
        cls, info: HashInfo, queries: Codes, gallery: Codes, embeddings: np.ndarray, method: HashMethod | None
    ) -> Self:
        assert method is not None
        return cls(info.name, queries, gallery, embeddings, method)

    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        asked = range(*rows.indices(len(self.embeddings)))
        ids, distances = np.empty((len(asked), depth), np.int32), np.empty((len(asked), depth))

        def work(block: slice) -> None:
            scan = self.scanner(depth)
            for place in range(block.start, block.stop):
                scan.scan(scan.prepare(asked[place]))
                ids[place], distances[place] = scan.select(exclude[place]), scan.values

        run_blocks(work, len(asked), threads)
        return Ranking(ids, distances)

    def scanner(self, depth: int, hasher: QueryHash | None = None) -> _OwnScan:
        return _OwnScan(self, depth)

    def encoded(self, queries: np.ndarray, hasher: QueryHash | None) -> Self:
        return replace(self, embeddings=queries)


class _OwnScan(RealScan):
    def __init__(self, pair: OwnPair, depth: int) -> None:
        super().__init__(len(pair.gallery.packed), depth)
        self.pair = pair

    def prepare(self, query: int) -> np.ndarray:
        return self.pair.embeddings[query]

    def scan(self, prepared: np.ndarray) -> np.ndarray:
        self.distances = np.ascontiguousarray(
            self.pair.method.distances(prepared, self.pair.gallery.packed), np.float64
        )
        return self.distances
