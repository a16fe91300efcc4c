"""The backend of this project's own kernels: nothing is copied, so an index is open at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.search.door import CodeIndex, PackedCodes, Ranking, SearchBackend, VectorIndex, Vectors
from core.search.exact import rank_exact
from core.search.hamming import rank_hamming
from core.search.hashed import rerank
from core.search.rounding import longest_row

# The ranking of some rows of the queries, given their exclusions and a depth that each of them can fill.
_Search = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


class LocalVectors(VectorIndex):
    """`core.search.exact`, and `core.search.hashed` for shortlists."""

    def __init__(self, vectors: Vectors) -> None:
        self.rows = vectors.rows
        self.longest = longest_row(vectors.rows) if vectors.longest is None else vectors.longest

    def rank(
        self,
        queries: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
    ) -> Ranking:
        if allowed is not None:
            kept = np.flatnonzero(allowed)
            part = LocalVectors(Vectors(self.rows[kept], self.longest))
            return _named(part.rank(queries, _places(exclude, kept, allowed), depth, None, threads), kept)

        def search(rows: np.ndarray, left_out: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
            return rank_exact(queries[rows], self.rows, reach, left_out, threads, longest=self.longest)

        return _filled(search, len(self.rows), exclude, depth)

    def rerank(self, queries: np.ndarray, shortlist: np.ndarray, depth: int, threads: int | None = None) -> Ranking:
        return Ranking(*rerank(queries, self.rows, shortlist, depth, threads))


class LocalCodes(CodeIndex):
    """`core.search.hamming`."""

    def __init__(self, codes: PackedCodes) -> None:
        self.codes = codes

    def rank(
        self,
        words: np.ndarray,
        exclude: np.ndarray,
        depth: int,
        allowed: np.ndarray | None = None,
        threads: int | None = None,
        scores: bool = True,
    ) -> Ranking:
        bits, gallery, cap = self.codes.bits, self.codes.words, self.codes.distance_cap
        if allowed is not None:
            kept = np.flatnonzero(allowed)
            part = LocalCodes(PackedCodes(bits, np.ascontiguousarray(gallery[:, kept]), cap))
            return _named(part.rank(words, _places(exclude, kept, allowed), depth, None, threads, scores), kept)

        def search(rows: np.ndarray, left_out: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
            found = rank_hamming(words[:, rows], gallery, bits, reach, left_out, cap, threads, tell_distances=scores)
            return found.ids, found.distances.astype(np.float64)

        found = _filled(search, gallery.shape[1], exclude, depth)
        return found if scores else Ranking(found.ids, found.scores[:, :0])


class LocalBackend(SearchBackend):
    """Exact at any depth and for any batch."""

    name = "local"

    def open_vectors(self, vectors: Vectors) -> LocalVectors:
        return LocalVectors(vectors)

    def open_codes(self, codes: PackedCodes) -> LocalCodes:
        return LocalCodes(codes)


LOCAL = BACKEND = LocalBackend()


def _filled(search: _Search, items: int, exclude: np.ndarray, depth: int) -> Ranking:
    """The ranking of all queries; where there are fewer items than `depth`, -1 and NaN after the last."""
    if depth <= items - bool((exclude >= 0).any()):
        return Ranking(*search(np.arange(len(exclude)), exclude, depth))
    ids = np.full((len(exclude), depth), -1, np.int32)
    scores = np.full((len(exclude), depth), np.nan)
    for leaves_out in (False, True):
        rows, reach = np.flatnonzero((exclude >= 0) == leaves_out), min(depth, items - leaves_out)
        if len(rows) and reach:
            ids[rows, :reach], found = search(rows, exclude[rows], reach)
            scores[rows, : found.shape[1]] = found
    return Ranking(ids, scores)


def _places(exclude: np.ndarray, kept: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """What each query leaves out, as a place among the items that are kept; -1 for none of them."""
    inside = (exclude >= 0) & allowed[exclude]
    return np.where(inside, np.searchsorted(kept, exclude), -1)


def _named(found: Ranking, kept: np.ndarray) -> Ranking:
    """The ids of the whole gallery for places among the items that are kept."""
    ids = np.where(found.ids < 0, -1, kept[found.ids] if len(kept) else -1)
    return Ranking(ids.astype(np.int32), found.scores)
