"""Search spread over workers: each ranks its shards of the gallery by this project's own kernels, and the best of all
are merged here. Scores are exact, so ids and scores are those of one process, bit for bit.

A gallery is never gathered: an array that is mapped from a file is mapped by the workers, too. One in memory, such as a
bundle's rounded rows, is written once as files of shards to a temporary folder.
"""

from __future__ import annotations

import atexit
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.runtime.parallel import blocks
from core.search.door import CodeIndex, PackedCodes, Ranking, SearchBackend, VectorIndex, Vectors
from core.search.engines.cluster import Cluster, Work
from core.search.engines.engine import EngineError
from core.search.engines.shard_worker import Asked, code_digest, products, rank_codes, rank_vectors
from core.search.engines.shards import Shard, cut, open_folder
from core.search.merge import best_of, merge_rankings
from core.search.rounding import longest_row

_QUERIES = 512  # of a block
_CELLS = 4_000_000  # results of a block, all shards together
_A_WORKER = 2  # shards: a worker that is lost leaves half of its work done
# A ranking's shards, its blocks, and the shard that is done with one more block (None: the ranking begins).
Progress = Callable[[int, int, int | None], object]


class SpreadBackend(SearchBackend):
    """Searches over the workers of a cluster. `asked` counts the queries that they answered, a shard at a time."""

    name = "dask"

    def __init__(
        self, cluster: Cluster, parts: int | None = None, folder: Path | None = None, hear: Progress | None = None
    ) -> None:
        """`parts` shards of each gallery (None: two a worker); `folder`, which all workers find by the same path, is
        where galleries in memory are written (None: the folder for temporary files); `hear` is told of shards."""
        self.cluster, self.parts, self.hear = cluster, parts, hear
        self.asked = 0
        self._lock, self._numbers = threading.Lock(), iter(range(2**62))
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="shards-", dir=folder, ignore_cleanup_errors=True)
        except OSError as error:
            raise EngineError(
                f"cannot write to the folder of shards '{folder}' ({error.strerror}): name another one"
            ) from error
        atexit.register(self.close)

    def open_vectors(self, vectors: Vectors) -> SpreadVectors:
        longest = longest_row(vectors.rows) if vectors.longest is None else vectors.longest
        index = SpreadVectors(self, [], longest)
        index.shards = self._cut(vectors.rows, "vectors", index)
        return index

    def open_codes(self, codes: PackedCodes) -> SpreadCodes:
        index = SpreadCodes(self, [], codes.bits, codes.distance_cap)
        index.shards = self._cut(codes.words, "words", index)
        return index

    def open_vector_folder(self, folder: Path, longest: float | None = None) -> SpreadVectors:
        """The embeddings in a folder of shards: files *.npy, float32 (n, d), rounded as `core.bundle.vectors` does."""
        shards = open_folder(folder, "vectors")
        most = max(longest_row(shard.map()) for shard in shards) if longest is None else longest
        return SpreadVectors(self, shards, most)

    def open_code_folder(self, folder: Path, bits: int, cap: int | None = None) -> SpreadCodes:
        """The codes in a folder of shards: files *.npy, packed uint8 (n, B)."""
        return SpreadCodes(self, open_folder(folder, "packed"), bits, cap)

    def close(self) -> None:
        """End the connection and remove what was written."""
        atexit.unregister(self.close)
        self._folder.cleanup()
        self.cluster.close()

    def works(self, blocks_of: Iterator[list[Work]], shards: int, count: int) -> Iterator[list[Any]]:
        """The results of blocks of works, one for each shard; `count` blocks are told of as they are done."""
        hear = self.hear
        if hear:
            hear(shards, count, None)
        return self.cluster.map(blocks_of, (lambda shard: hear(shards, count, shard)) if hear else None)

    def count(self, queries: int) -> None:
        """Queries that a shard has answered."""
        with self._lock:
            self.asked += queries

    def _cut(self, array: np.ndarray, kind: Any, index: object) -> list[Shard]:
        """The shards of an array; what is written for them is removed with the index."""
        parts = self.parts or _A_WORKER * max(1, len(self.cluster.workers()))

        def keep(part: np.ndarray) -> np.ndarray:
            with self._lock:
                path = Path(self._folder.name) / f"{kind}-{next(self._numbers)}.npy"
            try:
                np.save(path, part)
            except OSError as error:
                raise EngineError(
                    f"cannot write the shard '{path}' ({error.strerror}): make room there, or name another folder"
                ) from error
            weakref.finalize(index, path.unlink, missing_ok=True)
            mapped: np.ndarray = np.load(path, mmap_mode="r")
            return mapped

        return cut(array, kind, parts, keep)


class SpreadVectors(VectorIndex):
    """Exact search among the vectors of shards."""

    def __init__(self, backend: SpreadBackend, shards: list[Shard], longest: float) -> None:
        self.backend, self.shards, self.longest = backend, shards, longest

    def rank(
        self,
        queries: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
    ) -> Ranking:
        def work(shard: Shard, rows: slice) -> Work:
            asked = _asked(shard, np.ascontiguousarray(queries[rows]), exclude[rows], depth, allowed)
            return rank_vectors, (asked, self.longest)

        return _ranked(self.backend, self.shards, work, len(queries), depth, descending=True)

    def rerank(self, queries: np.ndarray, shortlist: np.ndarray, depth: int, threads: int | None = None) -> Ranking:
        """Every item's product is made where the item lies."""
        ids, scores = np.array(shortlist, np.int32), np.empty(shortlist.shape)
        parts = _parts(len(queries), shortlist.shape[1])
        starts = [shard.first for shard in self.shards]
        of_shard = np.searchsorted(starts, ids, "right") - 1

        def works() -> Iterator[list[Work]]:
            for rows in parts:
                every = []
                for place, shard in enumerate(self.shards):
                    here = of_shard[rows] == place
                    counts = here.sum(axis=1)
                    items = ids[rows][here] - np.int32(shard.first)
                    every.append((products, (code_digest(), shard, np.ascontiguousarray(queries[rows]), counts, items)))
                yield every

        for rows, found in zip(parts, self.backend.works(works(), len(self.shards), len(parts)), strict=True):
            for place, values in enumerate(found):
                scores[rows][of_shard[rows] == place] = values
                self.backend.count(rows.stop - rows.start)
        return best_of(ids, scores, depth, descending=True)


class SpreadCodes(CodeIndex):
    """Search by code among the codes of shards."""

    def __init__(self, backend: SpreadBackend, shards: list[Shard], bits: int, cap: int | None) -> None:
        self.backend, self.shards, self.bits, self.cap = backend, shards, bits, cap

    def rank(
        self,
        words: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
        scores: bool = True,
    ) -> Ranking:
        def work(shard: Shard, rows: slice) -> Work:
            asked = _asked(shard, np.ascontiguousarray(words[:, rows]), exclude[rows], depth, allowed)
            return rank_codes, (asked, self.bits, self.cap)

        found = _ranked(self.backend, self.shards, work, words.shape[1], depth, descending=False)
        return found if scores else Ranking(found.ids, found.scores[:, :0])


def _asked(shard: Shard, queries: np.ndarray, exclude: np.ndarray, depth: int, allowed: np.ndarray | None) -> Asked:
    """What a shard is asked: exclusions and allowed items by their places in it."""
    inside = (exclude >= shard.first) & (exclude < shard.first + shard.count)
    part = None if allowed is None else allowed[shard.first : shard.first + shard.count]
    own = np.where(inside, exclude - shard.first, -1)
    return Asked(code_digest(), shard, queries, own, min(depth, shard.count), part)


def _ranked(
    backend: SpreadBackend,
    shards: list[Shard],
    work: Callable[[Shard, slice], Work],
    queries: int,
    depth: int,
    descending: bool,
) -> Ranking:
    """All shards' rankings of all queries, merged block by block."""
    ids, scores = np.empty((queries, depth), np.int32), np.empty((queries, depth))
    parts = _parts(queries, depth * len(shards))
    works = ([work(shard, rows) for shard in shards] for rows in parts)
    for rows, found in zip(parts, backend.works(works, len(shards), len(parts)), strict=True):
        ids[rows], scores[rows] = merge_rankings(found, depth, descending)
        for _ in shards:
            backend.count(rows.stop - rows.start)
    return Ranking(ids, scores)


def _parts(queries: int, results: int) -> list[slice]:
    """Blocks of queries of which each has so many results."""
    return list(blocks(queries, max(1, min(_QUERIES, _CELLS // max(1, results)))))
