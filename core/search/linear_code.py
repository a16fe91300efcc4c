"""The code of one query by a linear hash: projection, sign, pack."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part


@kernel
def linear_code(
    query: np.ndarray, mean: np.ndarray, projection: np.ndarray, values: np.ndarray, code: np.ndarray
) -> None:
    """Code of one embedding float32 (d,) into uint8 (ceil(bits / 8),), highest bit first; scratch float64 (bits,).

    `mean` float32 (d,) and `projection` float32 (d, bits): widened, they are the float64 numbers that the sums are of.
    """
    _project(query, mean, projection, values)
    bits = values.shape[0]
    whole = bits - bits % 8
    for first in range(0, whole, 8):  # without a branch: whether a bit is set is nothing that a machine could foresee
        byte = np.uint64(0)
        for b in range(8):
            byte |= np.uint64(np.float32(values[first + b]) > 0) << np.uint64(7 - b)  # rounded as stored ones are
        code[first >> 3] = byte
    if whole < bits:
        code[whole >> 3] = 0
        for b in range(whole, bits):
            if np.float32(values[b]) > 0:
                code[b >> 3] |= np.uint8(128 >> (b & 7))


@part
def _project(query: np.ndarray, mean: np.ndarray, projection: np.ndarray, values: np.ndarray) -> None:
    """(query - mean) @ projection into `values`, summed in index order, four terms between a read and a write."""
    values[:] = 0.0
    dimensions, j = query.shape[0], 0
    while j + 4 <= dimensions:
        a, b = _centred(query, mean, j), _centred(query, mean, j + 1)
        c, d = _centred(query, mean, j + 2), _centred(query, mean, j + 3)
        for n in range(values.shape[0]):
            total = values[n] + a * np.float64(projection[j, n])
            total += b * np.float64(projection[j + 1, n])
            total += c * np.float64(projection[j + 2, n])
            values[n] = total + d * np.float64(projection[j + 3, n])
        j += 4
    while j < dimensions:
        a = _centred(query, mean, j)
        for n in range(values.shape[0]):
            values[n] += a * np.float64(projection[j, n])
        j += 1


@part
def _centred(query: np.ndarray, mean: np.ndarray, j: int) -> float:
    return np.float64(query[j]) - np.float64(mean[j])
