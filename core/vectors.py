"""Rows of unit length, made in float32 a block at a time; rows that have no direction are named."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.errors import BadInput

BLOCK_ROWS = 8192
# Squares of float32 beyond these bounds overflow or lose digits: such rows are scaled first.
_SMALL, _LARGE = np.float32(1e-15), np.float32(1e18)


def unit_rows(parts: Iterable[np.ndarray], shape: tuple[int, int], what: str) -> np.ndarray:
    """Float32 (N, d) of unit rows from consecutive float parts; BadInput names a NaN, infinite or zero row."""
    result = np.empty(shape, dtype=np.float32)
    start = 0
    for part in parts:
        for first in range(0, len(part), BLOCK_ROWS):
            block = result[start : start + min(BLOCK_ROWS, len(part) - first)]
            block[:] = part[first : first + BLOCK_ROWS]
            block /= _lengths(block, start, what)[:, None]
            start += len(block)
    return result


def check_rows(array: np.ndarray, what: str) -> None:
    """BadInput for the first row of float (N, d) that is NaN, infinite or zero as float32."""
    for first in range(0, len(array), BLOCK_ROWS):
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, and is named below
            block = np.array(array[first : first + BLOCK_ROWS], dtype=np.float32, order="C")
        _lengths(block, first, what)


def _lengths(block: np.ndarray, first: int, what: str) -> np.ndarray:
    """Euclidean length of each row of the float32 `block`; rescales extreme rows of it in place."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
    for row in np.flatnonzero(~((lengths > _SMALL) & (lengths < _LARGE))):
        largest = np.abs(block[row]).max()
        if not np.isfinite(largest):
            raise BadInput(f"{what}: row {first + row} (from 0) holds NaN or infinity, expected finite numbers")
        if largest == 0:
            raise BadInput(f"{what}: row {first + row} (from 0) is all zero, it has no direction to compare")
        block[row] /= largest
        lengths[row] = np.sqrt(np.dot(block[row], block[row]))
    return lengths
