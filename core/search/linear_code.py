"""The code of one query by a linear hash: projection, sign, pack."""

from __future__ import annotations

import numpy as np

from core.runtime.compiled import kernel


@kernel
def linear_code(
    query: np.ndarray, mean: np.ndarray, projection: np.ndarray, values: np.ndarray, code: np.ndarray
) -> None:
    """Code of one embedding float32 (d,) into uint8 (ceil(bits / 8),), highest bit first; scratch float64 (bits,).

    `mean` float32 (d,) and `projection` float32 (d, bits): widened, they are the float64 numbers that the sums are of.
    """
    _project(query, mean, projection, values)
    code[:] = 0
    for b in range(values.shape[0]):  # rounded to float32, as stored projections are
        code[b >> 3] |= np.uint8(np.uint8(np.float32(values[b]) > 0) << (7 - (b & 7)))


@kernel
def _project(query: np.ndarray, mean: np.ndarray, projection: np.ndarray, values: np.ndarray) -> None:
    """(query - mean) @ projection into `values`, summed in index order."""
    values[:] = 0.0
    for j in range(query.shape[0]):
        centred = np.float64(query[j]) - np.float64(mean[j])
        for n in range(values.shape[0]):
            values[n] += centred * np.float64(projection[j, n])
