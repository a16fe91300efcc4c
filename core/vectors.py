"""Embeddings as they are compared, in float32, a block at a time: rows of unit length, or rows as they are.

Both are then compared by inner products, which of unit rows are their cosines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from core.errors import BadInput, unknown_name

# How embeddings are compared, in manifests, options and on pages; the first where none is named. By inner product, a
# plain dot product, a vector's length counts.
COSINE, INNER_PRODUCT = SIMILARITIES = ("cosine", "inner-product")
BLOCK_ROWS = 8192
# Squares of float32 beyond these bounds overflow or lose digits: such rows are scaled first.
_SMALL, _LARGE = np.float32(1e-15), np.float32(1e18)


def check_similarity(similarity: str) -> None:
    """BadInput for one that there is not."""
    if similarity not in SIMILARITIES:
        raise unknown_name("similarity", similarity, SIMILARITIES)


def comparable_rows(parts: Iterable[np.ndarray], shape: tuple[int, int], what: str, similarity: str) -> np.ndarray:
    """Float32 (N, d) whose inner products are the similarity: `unit_rows` or `plain_rows` of consecutive parts."""
    return (unit_rows if similarity == COSINE else plain_rows)(parts, shape, what)


def unit_rows(parts: Iterable[np.ndarray], shape: tuple[int, int], what: str) -> np.ndarray:
    """Float32 (N, d) of unit rows from consecutive float parts; BadInput names a NaN, infinite or zero row."""
    result = np.empty(shape, dtype=np.float32)
    for start, block in _fill(result, parts):
        block /= _lengths(block, start, what)[:, None]
    return result


def plain_rows(parts: Iterable[np.ndarray], shape: tuple[int, int], what: str) -> np.ndarray:
    """Float32 (N, d) of the rows as they are; BadInput names a NaN, infinite, zero or far too long row."""
    result = np.empty(shape, dtype=np.float32)
    for start, block in _fill(result, parts):
        _lengths(block.copy(), start, what)  # a copy: it rescales extreme rows
        _check_products(block, start, what)
    return result


def check_rows(array: np.ndarray, what: str, similarity: str = COSINE) -> None:
    """BadInput for the first row of float (N, d) that is NaN, infinite or zero as float32.

    By inner product also for one so long that products overflow.
    """
    plain = similarity == INNER_PRODUCT
    for first in range(0, len(array), BLOCK_ROWS):
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, and is named below
            block = np.array(array[first : first + BLOCK_ROWS], dtype=np.float32, order="C")
        _lengths(block.copy() if plain else block, first, what)
        if plain:
            _check_products(block, first, what)


def _fill(result: np.ndarray, parts: Iterable[np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    """Copy consecutive parts into `result`; yields each block of it, once copied, and its first row."""
    start = 0
    for part in parts:
        for first in range(0, len(part), BLOCK_ROWS):
            block = result[start : start + min(BLOCK_ROWS, len(part) - first)]
            block[:] = part[first : first + BLOCK_ROWS]
            yield start, block
            start += len(block)


def _check_products(block: np.ndarray, first: int, what: str) -> None:
    """BadInput for a row so long that its inner product with another such row overflows float32."""
    lengths = np.linalg.norm(block.astype(np.float64), axis=1)
    long = np.flatnonzero(lengths >= _LARGE)
    if len(long):
        raise BadInput(
            f"{what}: row {first + long[0]} (from 0) is {lengths[long[0]]:.3g} long, expected less than {_LARGE:g}: "
            "divide all embeddings by one number, or compare them by cosine"
        )


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
