"""Inner products that are exact, so that no order of summation can change them.

Embeddings are rounded on load (`core.bundle.vectors`) so that every sum of products fits a float64. The compiler may
then reorder, fuse and vectorise the loop below: the result is the same number on every machine.
"""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import exact_kernel

_ROWS = 4  # multiplied at a time: while one is awaited from memory so are the others


@exact_kernel
def gathered_products(query: np.ndarray, gallery: np.ndarray, ids: np.ndarray, out: np.ndarray) -> None:
    """out[i] = sum over j of query[j] * gallery[ids[i], j], float64, for a query float32 (d,) and rows float32."""
    count = ids.shape[0]
    whole = count - count % _ROWS
    for i in range(0, whole, _ROWS):
        first, second, third, fourth = ids[i], ids[i + 1], ids[i + 2], ids[i + 3]
        a = b = c = d = 0.0
        for j in range(query.shape[0]):
            value = np.float64(query[j])
            a += value * np.float64(gallery[first, j])
            b += value * np.float64(gallery[second, j])
            c += value * np.float64(gallery[third, j])
            d += value * np.float64(gallery[fourth, j])
        out[i], out[i + 1], out[i + 2], out[i + 3] = a, b, c, d
    for i in range(whole, count):
        total = 0.0
        for j in range(query.shape[0]):
            total += np.float64(query[j]) * np.float64(gallery[ids[i], j])
        out[i] = total
