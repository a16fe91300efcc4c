"""Distances that are real numbers: sums of look-up tables, and RaBitQ's estimate. Items hardly ever tie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from core.codes.codes import Codes
from core.codes.pair import CodePair, Scan
from core.codes.query_hash import QueryHash
from core.hashing.numbered import unpack_numbers
from core.hashing.pq import ProductQuantiser
from core.hashing.rabitq import RaBitQ, signed_items
from core.search.door import Ranking
from core.search.estimate import SignedItems, estimated_distances, rank_estimate
from core.search.lookup import Codebook, fill_table, lookup_distances, rank_lookup
from core.search.select import select_least

if TYPE_CHECKING:
    from core.hashing.base import HashMethod
    from core.hashing.info import HashInfo


@dataclass(frozen=True)
class LookupPair(CodePair):
    """`parts` uint8 (M, N), the centroid of each part of each gallery item."""

    codebook: Codebook
    parts: np.ndarray

    title: ClassVar[tuple[str, str]] = ("D", "squared distance by look-up")
    whole: ClassVar[bool] = False

    @classmethod
    def make(
        cls, info: HashInfo, queries: Codes, gallery: Codes, embeddings: np.ndarray, method: HashMethod | None
    ) -> Self:
        assert isinstance(method, ProductQuantiser)
        codebook = method.codebook
        numbers = unpack_numbers(gallery.packed, len(codebook.starts) - 1, method.part_bits)
        return cls(info.name, queries, gallery, embeddings, codebook, np.ascontiguousarray(numbers.T.astype(np.uint8)))

    @property
    def nbytes(self) -> int:
        return super().nbytes + self.parts.nbytes + self.codebook.values.nbytes

    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        return Ranking(*rank_lookup(self.embeddings[rows], self.codebook, self.parts, depth, exclude, threads))

    def scanner(self, depth: int, hasher: QueryHash | None = None) -> Scan:
        return _LookupScan(self, depth)

    def encoded(self, queries: np.ndarray, hasher: QueryHash | None) -> Self:
        return replace(self, embeddings=queries)


@dataclass(frozen=True)
class EstimatePair(CodePair):
    """`residuals` float32 (Q, D) are the queries', rotated by the method."""

    method: RaBitQ
    items: SignedItems
    residuals: np.ndarray

    title: ClassVar[tuple[str, str]] = ("D", "estimated squared distance")
    whole: ClassVar[bool] = False

    @classmethod
    def make(
        cls, info: HashInfo, queries: Codes, gallery: Codes, embeddings: np.ndarray, method: HashMethod | None
    ) -> Self:
        assert isinstance(method, RaBitQ)
        items = signed_items(gallery.packed)
        return cls(info.name, queries, gallery, embeddings, method, items, method.project(embeddings))

    @property
    def nbytes(self) -> int:
        return super().nbytes + self.residuals.nbytes + sum(array.nbytes for array in self.items)

    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        return Ranking(*rank_estimate(self.residuals[rows], self.items, depth, exclude, threads))

    def scanner(self, depth: int, hasher: QueryHash | None = None) -> Scan:
        return _EstimateScan(self, depth)

    def encoded(self, queries: np.ndarray, hasher: QueryHash | None) -> Self:
        return replace(self, embeddings=queries, residuals=self.method.project(queries))


class RealScan(Scan):
    """Selection among real distances."""

    def __init__(self, count: int, depth: int) -> None:
        self.distances = np.empty(count)
        self.ids, self.values = np.empty(depth, np.int32), np.empty(depth)

    def select(self, exclude: int) -> np.ndarray:
        select_least(self.distances, exclude, self.ids, self.values)
        return self.ids


class _LookupScan(RealScan):
    def __init__(self, pair: LookupPair, depth: int) -> None:
        super().__init__(pair.parts.shape[1], depth)
        self.pair, self.table = pair, np.empty((len(pair.parts), pair.codebook.values.shape[1]))

    def prepare(self, query: int) -> np.ndarray:
        fill_table(self.pair.embeddings[query], *self.pair.codebook, self.table)
        return self.table

    def scan(self, prepared: np.ndarray) -> np.ndarray:
        lookup_distances(prepared, self.pair.parts, self.distances)
        return self.distances


class _EstimateScan(RealScan):
    def __init__(self, pair: EstimatePair, depth: int) -> None:
        super().__init__(len(pair.items.squares), depth)
        self.pair = pair
        self.mean, self.rotation = (pair.method.state()[key].astype(np.float64) for key in ("mean", "rotation"))

    def prepare(self, query: int) -> np.ndarray:
        return ((self.pair.embeddings[query] - self.mean) @ self.rotation).astype(np.float32)

    def scan(self, prepared: np.ndarray) -> np.ndarray:
        estimated_distances(prepared, *self.pair.items, self.distances)
        return self.distances
