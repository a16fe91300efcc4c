"""Search by faiss: flat indexes of vectors and of codes, settled by exact sums (`core.search.settled`).

It is here to keep the door honest: a second implementation that every test of the first one runs through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.runtime.parallel import check_threads
from core.search.door import PackedCodes, SearchBackend, Vectors
from core.search.settled import Nearest, SettledCodes, SettledVectors, packed_rows


class FaissBackend(SearchBackend):
    """`IndexFlatIP` and `IndexBinaryFlat`: both hold a copy of what they search."""

    name = "faiss"

    def open_vectors(self, vectors: Vectors) -> SettledVectors:
        import faiss

        index = faiss.IndexFlatIP(vectors.rows.shape[1])
        index.add(np.ascontiguousarray(vectors.rows))
        return SettledVectors(_Flat(index), vectors)

    def open_codes(self, codes: PackedCodes) -> SettledCodes:
        import faiss

        index = faiss.IndexBinaryFlat(64 * len(codes.words))
        index.add(packed_rows(codes.words))
        return SettledCodes(_Flat(index), codes)


BACKEND = FaissBackend()


class _Flat(Nearest):
    def __init__(self, index: Any) -> None:
        self.index = index

    def near(self, queries: np.ndarray, depth: int, threads: int | None) -> tuple[np.ndarray, np.ndarray]:
        with _threads(check_threads(threads)):
            scores, ids = self.index.search(np.ascontiguousarray(queries), depth)
        return ids, scores


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """OpenMP keeps this number by calling thread, so sessions do not disturb each other."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
