"""Inner products that are exact, so that no order of summation can change them.

Embeddings are rounded on load (`core.vectors`) so that every sum of products fits a float64. The compiler may then
reorder, fuse and vectorise the loop below: the result is the same number on every machine.
"""

from __future__ import annotations

import numpy as np

from core.compiled import exact_kernel


@exact_kernel
def gathered_products(query: np.ndarray, gallery: np.ndarray, ids: np.ndarray, out: np.ndarray) -> None:
    """out[i] = sum over j of query[j] * gallery[ids[i], j], float64, for a query float32 (d,) and rows float32."""
    for i in range(ids.shape[0]):
        row = ids[i]
        total = 0.0
        for j in range(query.shape[0]):
            total += np.float64(query[j]) * np.float64(gallery[row, j])
        out[i] = total
