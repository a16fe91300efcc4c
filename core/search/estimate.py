"""Search by RaBitQ's estimator: squared distances from one bit a dimension and two numbers an item.

Gao & Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for Approximate Nearest
Neighbor Search", SIGMOD 2024. With r an item's rotated residual, s its signs and q the query's rotated residual, the
inner product <q, r> is estimated by |r|^2 <q, s> / sum |r_i|, which is right on average over rotations. Items hold s,
|r|^2 and |r|^2 / sum |r_i|. The paper cuts q to a few bits for speed; here it keeps its values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.runtime.compiled import kernel
from core.runtime.parallel import run_blocks
from core.search.asymmetric import asymmetric_scores
from core.search.door import no_exclusion
from core.search.select import select_least


class SignedItems(NamedTuple):
    """Signs as code bytes uint8 (B, N), byte-major; squared lengths and factors of the estimator, float32 (N,) each."""

    columns: np.ndarray
    squares: np.ndarray
    factors: np.ndarray


def rank_estimate(
    residuals: np.ndarray,
    items: SignedItems,
    depth: int,
    exclude: np.ndarray | None = None,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `depth` items of least estimated distance, by (distance ascending, index ascending).

    `residuals` float32 (Q, D), the queries' rotated residuals; `exclude` as in exact search. Returns ids int32 and
    estimated squared distances float64 (Q, depth), which may be slightly below 0.
    """
    exclude = no_exclusion(len(residuals)) if exclude is None else exclude
    ids = np.empty((len(residuals), depth), np.int32)
    distances = np.empty((len(residuals), depth), np.float64)

    def work(block: slice) -> None:
        _rank_block(residuals[block], *items, exclude[block], ids[block], distances[block])

    run_blocks(work, len(residuals), threads, progress=progress)
    return ids, distances


@kernel
def estimated_distances(
    residual: np.ndarray, columns: np.ndarray, squares: np.ndarray, factors: np.ndarray, out: np.ndarray
) -> None:
    """Estimated squared distances float64 (N,) to one query's rotated residual float32 (D,)."""
    asymmetric_scores(residual, columns, out)
    own = 0.0
    for j in range(residual.shape[0]):
        own += np.float64(residual[j]) * np.float64(residual[j])
    for n in range(out.shape[0]):
        out[n] = np.float64(squares[n]) + own - 2.0 * np.float64(factors[n]) * out[n]


@kernel
def _rank_block(
    residuals: np.ndarray,
    columns: np.ndarray,
    squares: np.ndarray,
    factors: np.ndarray,
    exclude: np.ndarray,
    ids: np.ndarray,
    distances: np.ndarray,
) -> None:
    count = columns.shape[1]
    scan = np.empty(count, np.float64)
    for q in range(residuals.shape[0]):
        estimated_distances(residuals[q], columns, squares, factors, scan)
        select_least(scan, exclude[q], ids[q], distances[q])
