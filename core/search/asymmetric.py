"""Asymmetric search: a real-valued query against binary codes.

The score of an item is the inner product of the query's projection with the item's code read as +1 and -1
(Gordo et al., "Asymmetric Distances for Binary Embeddings", CVPR 2011), summed byte by byte from a table of the
256 partial sums that each byte can give.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.door import no_exclusion
from core.search.select import select_least


def rank_asymmetric(
    projections: np.ndarray,
    codes: np.ndarray,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` codes of largest score for each query.

    `projections` float32 (Q, bits); `codes` uint8 (N, ceil(bits / 8)); `exclude` as in exact search. Returns
    ids int32 and scores float64 (Q, depth), ordered by (score descending, index ascending).
    """
    exclude = no_exclusion(len(projections)) if exclude is None else exclude
    code_columns = np.ascontiguousarray(codes.T)
    ids = np.empty((len(projections), depth), np.int32)
    scores = np.empty((len(projections), depth), np.float64)

    def work(block: slice) -> None:
        _rank_block(projections[block], code_columns, exclude[block], ids[block], scores[block])

    run_blocks(work, len(projections), threads, progress=progress)
    return ids, scores


@kernel
def asymmetric_scores(projection: np.ndarray, code_columns: np.ndarray, out: np.ndarray) -> None:
    """Scores float64 (N,) of codes given byte-major uint8 (B, N) for one projection float32 (bits,)."""
    bits = projection.shape[0]
    table = np.empty(256, np.float64)
    out[:] = 0.0
    for b in range(code_columns.shape[0]):
        for byte in range(256):
            total = 0.0
            for bit in range(8):
                j = 8 * b + bit
                if j < bits:  # numpy.packbits puts the first bit highest
                    value = np.float64(projection[j])
                    total += value if (byte >> (7 - bit)) & 1 else -value
            table[byte] = total
        for n in range(code_columns.shape[1]):
            out[n] += table[code_columns[b, n]]


@kernel
def _rank_block(
    projections: np.ndarray, code_columns: np.ndarray, exclude: np.ndarray, ids: np.ndarray, scores: np.ndarray
) -> None:
    count = code_columns.shape[1]
    keys = np.empty(count, np.float64)
    for q in range(projections.shape[0]):
        asymmetric_scores(projections[q], code_columns, keys)
        select_greatest(keys, exclude[q], ids[q], scores[q])


@kernel
def select_greatest(scores: np.ndarray, exclude: int, ids: np.ndarray, values: np.ndarray) -> None:
    """The greatest of `scores` float64 (N,), which become their negatives; else as `select_least`."""
    for n in range(scores.shape[0]):
        scores[n] = -scores[n]
    select_least(scores, exclude, ids, values)
    for rank in range(values.shape[0]):
        values[rank] = 0.0 - values[rank]  # not -0.0
