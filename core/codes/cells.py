"""Order of cells: the place, from 0, of an item's cell among all cells by their centroids' distance to the query."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from core.codes.codes import Codes
from core.codes.pair import CodePair, Levels, Scan
from core.codes.query_hash import QueryHash
from core.hashing.kmeans import KMeansCells
from core.hashing.numbered import unpack_numbers
from core.runtime.parallel import blocks
from core.search.cells import (
    Centroids,
    cell_distances,
    cell_places,
    order_cells,
    prepare_centroids,
    rank_cells,
)
from core.search.door import Ranking
from core.search.nearest import take_nearest

if TYPE_CHECKING:
    from core.hashing.base import HashMethod
    from core.hashing.info import HashInfo


@dataclass(frozen=True)
class CellPair(CodePair):
    """`cells` int32 (N,), the cell of each gallery item."""

    centroids: Centroids
    cells: np.ndarray

    title: ClassVar[tuple[str, str]] = ("C", "place of the cell")

    @classmethod
    def make(
        cls, info: HashInfo, queries: Codes, gallery: Codes, embeddings: np.ndarray, method: HashMethod | None
    ) -> Self:
        assert isinstance(method, KMeansCells)
        cells = unpack_numbers(gallery.packed, 1, gallery.bits)[:, 0]
        return cls(info.name, queries, gallery, embeddings, prepare_centroids(method.state()["centroids"]), cells)

    @property
    def nbytes(self) -> int:
        return super().nbytes + self.cells.nbytes + self.centroids.columns.nbytes

    def rank(
        self, rows: slice, depth: int, exclude: np.ndarray, threads: int | None = None, scores: bool = True
    ) -> Ranking:
        return Ranking(*rank_cells(self.embeddings[rows], self.centroids, self.cells, depth, exclude, threads))

    def scanner(self, depth: int, hasher: QueryHash | None = None) -> Scan:
        return _CellScan(self, depth)

    def encoded(self, queries: np.ndarray, hasher: QueryHash | None) -> Self:
        return replace(self, embeddings=queries)

    def levels(
        self, labels: np.ndarray, gallery_labels: np.ndarray, exclude: np.ndarray, depth: int, threads: int | None
    ) -> Levels:
        """As many distances as the first `depth` items need: thousands of cells would take much memory."""
        count = len(self.centroids.half_squares)
        classes = int(max(labels.max(), gallery_labels.max())) + 1
        members = np.bincount(gallery_labels * count + self.cells, minlength=classes * count).reshape(classes, count)
        parts = []
        for rows in blocks(len(labels)):
            places = cell_places(self.embeddings[rows], self.centroids, threads)
            every, relevant = np.empty(places.shape, np.int32), np.empty(places.shape, np.int32)
            np.put_along_axis(every, places.astype(np.int64), members.sum(axis=0)[None], axis=1)
            np.put_along_axis(relevant, places.astype(np.int64), members[labels[rows]], axis=1)
            own = np.flatnonzero(exclude[rows] >= 0)
            left_out = exclude[rows][own]
            at = own, places[own, self.cells[left_out]]
            every[at] -= 1
            relevant[at] -= gallery_labels[left_out] == labels[rows][own]
            needed = int((every.cumsum(axis=1) < depth).sum(axis=1).max()) + 1
            parts.append((every[:, :needed], relevant[:, :needed]))
        return _joined([part[0] for part in parts]), _joined([part[1] for part in parts])


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Rows of several widths below each other, zeros after the shorter ones."""
    width = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts])


class _CellScan(Scan):
    def __init__(self, pair: CellPair, depth: int) -> None:
        self.pair, cells = pair, len(pair.centroids.half_squares)
        self.places = np.empty(cells, np.uint16)
        self.distances = np.empty(len(pair.cells), np.uint16)
        self.ids, self.values = np.empty(depth, np.int32), np.empty(depth, np.uint16)

    def prepare(self, query: int) -> np.ndarray:
        order_cells(self.pair.embeddings[query], *self.pair.centroids, self.places)
        return self.places

    def scan(self, prepared: np.ndarray) -> np.ndarray:
        cell_distances(prepared, self.pair.cells, self.distances)
        return self.distances

    def select(self, exclude: int) -> np.ndarray:
        take_nearest(self.distances, 0, exclude, len(self.places) - 1, 0, self.ids, self.values)
        return self.ids
