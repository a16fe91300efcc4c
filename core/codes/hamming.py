"""Hamming distance: the number of bits that differ, for some methods capped (1: equal or not)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from core.codes.codes import Codes
from core.codes.pair import CodePair, Levels, Scan
from core.codes.query_hash import QueryHash
from core.hashing.packing import to_words
from core.metrics.ties import relevant_levels
from core.search.door import CodeIndex, PackedCodes, Ranking, SearchBackend
from core.search.hamming import hamming_distances, hamming_levels
from core.search.local import LOCAL
from core.search.nearest import take_nearest

if TYPE_CHECKING:
    from core.hashing.base import HashMethod
    from core.hashing.info import HashInfo


@dataclass(frozen=True)
class HammingPair(CodePair):
    """Word-major packed codes uint64, (W, Q) and (W, N); a larger distance than `distance_cap` counts as the cap.

    `index` is the backend's, which ranks; scans of all distances are made here.
    """

    query_words: np.ndarray
    gallery_words: np.ndarray
    distance_cap: int | None
    index: CodeIndex

    title: ClassVar[tuple[str, str]] = ("H", "Hamming distance")
    by_hamming: ClassVar[bool] = True

    @classmethod
    def make(
        cls, info: HashInfo, queries: Codes, gallery: Codes, embeddings: np.ndarray, method: HashMethod | None
    ) -> Self:
        words = to_words(queries.packed), to_words(gallery.packed)
        codes = PackedCodes(gallery.bits, words[1], info.distance_cap)
        return cls(info.name, queries, gallery, embeddings, *words, info.distance_cap, LOCAL.open_codes(codes))

    def searched_by(self, backend: SearchBackend, label: str) -> Self:
        codes = PackedCodes(self.bits, self.gallery_words, self.distance_cap, label)
        return replace(self, index=backend.open_codes(codes))

    @property
    def nbytes(self) -> int:
        return super().nbytes + self.query_words.nbytes + self.gallery_words.nbytes

    @property
    def cap(self) -> int:
        """The largest distance that is told."""
        return self.bits if self.distance_cap is None else self.distance_cap

    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        return self.index.rank(self.query_words[:, rows], exclude, depth, threads=threads, scores=scores)

    def scanner(self, depth: int, hasher: QueryHash | None = None) -> Scan:
        return _HammingScan(self, depth, hasher)

    def encoded(self, queries: np.ndarray, hasher: QueryHash | None) -> Self:
        return self if hasher is None else replace(self, embeddings=queries, query_words=hasher.many(queries))

    def levels(
        self, labels: np.ndarray, gallery_labels: np.ndarray, exclude: np.ndarray, depth: int, threads: int | None
    ) -> Levels:
        """At every distance, whatever the depth."""
        words = (self.query_words, self.gallery_words)
        every = hamming_levels(*words, self.bits, exclude, self.distance_cap, threads)
        return every, relevant_levels(
            *words, labels, gallery_labels, self.bits, exclude, self.distance_cap, threads
        )  # fmt: skip


class _HammingScan(Scan):
    def __init__(self, pair: HammingPair, depth: int, hasher: QueryHash | None) -> None:
        count = pair.gallery_words.shape[1]
        self.pair, self.hasher, self.makes_code = pair, hasher, hasher is not None
        self.rows = np.ascontiguousarray(pair.query_words.T)
        self.distances = np.empty(count, np.uint16)
        self.ids, self.values = np.empty(depth, np.int32), np.empty(depth, np.uint16)

    def prepare(self, query: int) -> np.ndarray:
        return self.rows[query] if self.hasher is None else self.hasher.one(self.pair.embeddings[query])

    def scan(self, prepared: np.ndarray) -> np.ndarray:
        hamming_distances(prepared, self.pair.gallery_words, self.pair.cap, self.distances)
        return self.distances

    def select(self, exclude: int) -> np.ndarray:
        take_nearest(self.distances, 0, exclude, self.pair.cap, 0, self.ids, self.values)
        return self.ids
