"""Hashed search of one query from its embedding to its top k in one call, which tells when each stage ended.

A call of a kernel takes about a tenth of a microsecond for each array, and what it left in the caches grows cold
between two: for one query that is as much as its scan.
"""

from __future__ import annotations

import numpy as np

from core.compiled import kernel
from core.search.clock import now
from core.search.hamming import hamming_distances
from core.search.hashed import rerank_one
from core.search.linear_code import linear_code
from core.search.select_distance import select_by_distance

STAGES = ("hash", "scan", "select")  # that end within the call; the gather and re-rank ends with it


@kernel
def search_one(
    queries: np.ndarray,
    q: int,
    mean: np.ndarray,
    projection: np.ndarray,
    words: np.ndarray,
    cap: int,
    exclude: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    ids: np.ndarray,
    ends: np.ndarray,
) -> None:
    """The top of queries[q] into `ids` int32 (k,), the moments at which its STAGES ended into `ends` int64 (3,).

    `queries` float32 (Q, d); `mean` float32 (d,) and `projection` float32 (d, bits) make its code; `words` uint64
    (W, N) are the gallery's codes, whose distance is at most `cap`; `exclude` int64 (Q,) as in exact search; `gallery`
    float32 (N, d). `near` int32 (M,) becomes the shortlist.
    """
    bits = projection.shape[1]
    code = np.zeros(8 * words.shape[0], np.uint8)
    linear_code(queries[q], mean, projection, np.empty(bits, np.float64), code[: -(-bits // 8)])
    ends[0] = now()
    distances = np.empty(words.shape[1], np.uint16)
    hamming_distances(code.view(np.uint64), words, cap, distances)
    ends[1] = now()
    select_by_distance(distances, exclude[q], near, np.empty(0, np.uint16), np.empty(bits + 1, np.int32))
    ends[2] = now()
    products, values = np.empty(near.shape[0], np.float64), np.empty(ids.shape[0], np.float64)
    rerank_one(queries[q], gallery, near, products, ids, values)
