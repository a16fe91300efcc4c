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
from core.runtime.parallel import check_threads
from core.search.hashed import rerank, rerank_one
from core.timing.opponents.contender import Contender, SearchInputs, Stages, depth_to_ask, drop_self

_FAST_SIZES = (4, 8, 16, 20, 32, 64)  # bytes of a code; for all others faiss has one general, slower loop
_BLOCKS = (32, 4096)  # queries; faiss's own default, and one that gives its threads more at once
_TRIALS = 3


def hamming_faiss(inputs: SearchInputs, batch: int) -> Contender:
    """The side `hamming-faiss`: the k nearest codes. Call it under the threads that it is timed with."""
    index, mode = _fastest(inputs, inputs.k, batch)

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        return _nearest(inputs, index, rows, inputs.k)

    def one(q: int) -> tuple[np.ndarray, Stages]:
        ids, stages = many(slice(q, q + 1))
        return ids[0], stages

    return Contender("hamming-faiss", "hamming", one, many, index.code_size, mode=mode)


def hashed_faiss(inputs: SearchInputs, batch: int, threads: int | None = None) -> Contender:
    """The side `hashed-faiss`: the shortlist by the binary index, re-ranked by this project's own kernel.

    faiss has no re-ranking for a binary index (`IndexRefine` takes none), and NumPy's is slower: the best of both.
    """
    task = inputs.task
    index, mode = _fastest(inputs, inputs.shortlist, batch)
    threads = check_threads(threads)

    def many(rows: slice) -> tuple[np.ndarray, Stages]:
        near, stages = _nearest(inputs, index, rows, inputs.shortlist)
        start = perf_counter_ns()
        ids = rerank(task.queries[rows], task.gallery, near.astype(np.int32), inputs.k, threads)[0]
        return ids, {**stages, "gather and re-rank": perf_counter_ns() - start}

    top, values = np.empty(inputs.k, np.int32), np.empty(inputs.k)

    def one(q: int) -> tuple[np.ndarray, Stages]:
        near, stages = _nearest(inputs, index, slice(q, q + 1), inputs.shortlist)
        start = perf_counter_ns()
        rerank_one(task.queries[q], task.gallery, near[0].astype(np.int32), top, values)
        return top, {**stages, "gather and re-rank": perf_counter_ns() - start}

    return Contender("hashed-faiss", "hashed", one, many, index.code_size + task.gallery[0].nbytes, mode=mode)


def _nearest(inputs: SearchInputs, index: Any, rows: slice, depth: int) -> tuple[np.ndarray, Stages]:
    start = perf_counter_ns()
    codes = inputs.query_codes(rows, index.code_size)
    t0 = perf_counter_ns()
    exclude = inputs.task.exclude[rows]
    found = index.search(codes, depth_to_ask(exclude, depth))[1]
    ids = drop_self(found, exclude, depth)
    stages = {"scan and select": perf_counter_ns() - t0}
    return ids, stages if inputs.hasher is None else {"hash": t0 - start, **stages}


def _fastest(inputs: SearchInputs, depth: int, batch: int) -> tuple[Any, str]:
    """The index set to its fastest mode for batches of that many queries, and the mode in words."""
    import faiss

    packed = inputs.pair.gallery.packed
    size = next((size for size in _FAST_SIZES if size >= packed.shape[1]), packed.shape[1])
    index: Any = faiss.IndexBinaryFlat(8 * size)  # whose stubs have no settings
    index.add(resize(packed, size))
    blocks = _BLOCKS if batch > _BLOCKS[0] else _BLOCKS[:1]
    rows = slice(0, min(batch, len(inputs.task.queries), 2 * _BLOCKS[1]))
    best = (2**63, True, blocks[0])
    for heap, block in product((True, False), blocks):
        index.use_heap, index.query_batch_size = heap, block
        taken = []
        for _ in range(_TRIALS + 1):
            started = perf_counter_ns()
            _nearest(inputs, index, rows, depth)
            taken.append(perf_counter_ns() - started)
        best = min(best, (min(taken[1:]), heap, block))
    _, index.use_heap, index.query_batch_size = best
    return index, f"{'heap' if best[1] else 'counting'}, block of {best[2]}"
