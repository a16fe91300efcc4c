"""Hamming search by the binary flat index of faiss in its fastest mode, alone and with a re-rank.

faiss selects by a heap or by counting (`use_heap`), for 32 queries at a time or for a larger block. Which is fastest
depends on the depth, the batch and the threads, so all are tried under the conditions of each timing. Codes are padded
with zero bytes to a size for which faiss has fast code: at 48 bits, 6 bytes take more than twice as long as 8.
"""

from __future__ import annotations

from itertools import product
from time import perf_counter_ns
from typing import Any

import numpy as np

from core.hashing.packing import resize
from core.opponents.side import Contest, Side, Stages, depth_to_ask, drop_self
from core.search.hashed import rerank, rerank_one
from core.search.parallel import check_threads

_FAST_SIZES = (4, 8, 16, 20, 32, 64)  # bytes of a code; for all others faiss has one general, slower loop
_BLOCKS = (32, 4096)  # queries; faiss's own default, and one that gives its threads more at once
_TRIALS = 3


def hamming_faiss(contest: Contest, batch: int) -> Side:
    """The side `hamming-faiss`: the k nearest codes. Call it under the threads that it is timed with."""
    index, mode = _fastest(contest, contest.k, batch)

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        return _nearest(contest, index, rows, contest.k)

    def one(q: int) -> tuple[np.ndarray, Stages]:
        ids, stages = many(slice(q, q + 1))
        return ids[0], stages

    return Side("hamming-faiss", "hamming", one, many, index.code_size, mode=mode)


def hashed_faiss(contest: Contest, batch: int, threads: int | None = None) -> Side:
    """The side `hashed-faiss`: the shortlist by the binary index, re-ranked by this project's own kernel.

    faiss has no re-ranking for a binary index (`IndexRefine` takes none), and NumPy's is slower: the best of both.
    """
    space = contest.space
    index, mode = _fastest(contest, contest.shortlist, batch)
    threads = check_threads(threads)

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        near, stages = _nearest(contest, index, rows, contest.shortlist)
        start = perf_counter_ns()
        ids = rerank(space.queries[rows], space.gallery, near.astype(np.int32), contest.k, threads)[0]
        return ids, {**stages, "gather and re-rank": perf_counter_ns() - start}

    top, values = np.empty(contest.k, np.int32), np.empty(contest.k)

    def one(q: int) -> tuple[np.ndarray, Stages]:
        near, stages = _nearest(contest, index, slice(q, q + 1), contest.shortlist)
        start = perf_counter_ns()
        rerank_one(space.queries[q], space.gallery, near[0].astype(np.int32), top, values)
        return top, {**stages, "gather and re-rank": perf_counter_ns() - start}

    return Side("hashed-faiss", "hashed", one, many, index.code_size + space.gallery[0].nbytes, mode=mode)


def _nearest(contest: Contest, index: Any, rows: slice, depth: int) -> tuple[np.ndarray, Stages]:
    start = perf_counter_ns()
    codes = contest.query_codes(rows, index.code_size)
    t0 = perf_counter_ns()
    exclude = contest.space.exclude[rows]
    found = index.search(codes, depth_to_ask(exclude, depth))[1]
    ids = drop_self(found, exclude, depth)
    stages = {"scan and select": perf_counter_ns() - t0}
    return ids, stages if contest.hasher is None else {"hash": t0 - start, **stages}


def _fastest(contest: Contest, depth: int, batch: int) -> tuple[Any, str]:
    """The index set to its fastest mode for batches of that many queries, and the mode in words."""
    import faiss

    packed = contest.codes.gallery.packed
    size = next((size for size in _FAST_SIZES if size >= packed.shape[1]), packed.shape[1])
    index = faiss.IndexBinaryFlat(8 * size)
    index.add(resize(packed, size))
    blocks = _BLOCKS if batch > _BLOCKS[0] else _BLOCKS[:1]
    rows = slice(0, min(batch, len(contest.space.queries), 2 * _BLOCKS[1]))
    best: tuple[int, bool, int] | None = None
    for heap, block in product((True, False), blocks):
        index.use_heap, index.query_batch_size = heap, block
        taken = []
        for _ in range(_TRIALS + 1):
            started = perf_counter_ns()
            _nearest(contest, index, rows, depth)
            taken.append(perf_counter_ns() - started)
        best = min(best or (2**63, heap, block), (min(taken[1:]), heap, block))
    _, index.use_heap, index.query_batch_size = best
    return index, f"{'heap' if best[1] else 'counting'}, block of {best[2]}"
