"""Embeddings as they are compared, in float32, a block at a time: rows of unit length, or rows as they are.

Both are then compared by inner products, which of unit rows are their cosines. Every row is rounded once to a grain of
its own, so that an inner product is exact in float64 and the order of its sum cannot change it: with 2^m the smallest
power of two that is not below the row's norm, each component becomes a multiple of 2^(m - 26) that a float32 holds. A
product of two components is then a multiple of 2^(a + b - 52) for grains of a and b, and no partial sum is
larger than 2^(a + b), by Cauchy and Schwarz: at most 2^53 steps, which float64 counts without rounding. So BLAS, a
plain loop and a vectorised one give the same number. A component of a unit row moves by at most 2^-27, or by as much
as float32 rounds it anyway where that is more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from core.errors import BadInput, unknown_name

# How embeddings are compared, in manifests, options and on pages; the first where none is named. By inner product, a
# plain dot product, a vector's length counts.
COSINE, INNER_PRODUCT = SIMILARITIES = ("cosine", "inner-product")
BLOCK_ROWS = 8192
_NUMBERS = 2_000_000  # of a block at most: 16 MB in float64
GRAIN_BITS = 26  # of a component, below the power of two that bounds the row's norm
_LARGE = 1e18  # of two rows this long float32 products overflow
_SMALL = 2.0**-100  # below it the grain would be no normal float32


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
    for start, block in _blocks(parts):
        rows = _checked(block, start, what)
        rows /= norms(rows)[:, None]
        result[start : start + len(rows)] = round_to_grain(rows, np.ones(len(rows)))
    return result


def plain_rows(parts: Iterable[np.ndarray], shape: tuple[int, int], what: str) -> np.ndarray:
    """Float32 (N, d) of the rows as they are; BadInput names a NaN, infinite, zero, far too long or too short row."""
    result = np.empty(shape, dtype=np.float32)
    for start, block in _blocks(parts):
        rows = _checked(block, start, what)
        lengths = norms(rows)
        _check_lengths(lengths, start, what)
        result[start : start + len(rows)] = round_to_grain(rows, lengths)
    return result


def check_rows(array: np.ndarray, what: str, similarity: str = COSINE) -> None:
    """BadInput for the first row of float (N, d) that is NaN, infinite or zero as float32.

    By inner product also for one whose length float32 products cannot bear.
    """
    for start, block in _blocks([array]):
        rows = _checked(block, start, what)
        if similarity == INNER_PRODUCT:
            _check_lengths(norms(rows), start, what)


def norms(rows: np.ndarray) -> np.ndarray:
    """Euclidean length float64 (N,) of each row of float64 (N, d), squares added one by one in index order."""
    return np.sqrt(np.cumsum(np.square(rows), axis=1)[:, -1])


def round_to_grain(rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Float32 (N, d) of rows float64 (N, d) of these `lengths` (N,), each rounded to its own grain, half to even."""
    fraction, exponent = np.frexp(lengths)  # length = fraction * 2^exponent, the fraction from 1/2 to below 1
    bound = exponent - (fraction == 0.5)
    steps = np.rint(np.ldexp(rows, (GRAIN_BITS - bound)[:, None]))
    return np.ldexp(steps, (bound - GRAIN_BITS)[:, None]).astype(np.float32)


def _blocks(parts: Iterable[np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of consecutive parts as float32, and the place of the first row of each."""
    start = 0
    for part in parts:
        size = max(1, min(BLOCK_ROWS, _NUMBERS // part.shape[1]))
        for first in range(0, len(part), size):
            with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, and is named
                block = np.asarray(part[first : first + size], dtype=np.float32)
            yield start, block
            start += len(block)


def _checked(block: np.ndarray, start: int, what: str) -> np.ndarray:
    """The float32 rows as float64; BadInput names the first that is NaN, infinite or zero."""
    largest = np.abs(block).max(axis=1)
    if len(bad := np.flatnonzero(~np.isfinite(largest))):
        raise BadInput(f"{what}: row {start + bad[0]} (from 0) holds NaN or infinity, expected finite numbers")
    if len(bad := np.flatnonzero(largest == 0)):
        raise BadInput(f"{what}: row {start + bad[0]} (from 0) is all zero, it has no direction to compare")
    return block.astype(np.float64)


def _check_lengths(lengths: np.ndarray, start: int, what: str) -> None:
    """BadInput for a row whose inner product with another such row overflows or vanishes in float32."""
    if len(bad := np.flatnonzero((lengths >= _LARGE) | (lengths < _SMALL))):
        length = lengths[bad[0]]
        expected = f"less than {_LARGE:g}" if length >= _LARGE else f"at least {_SMALL:.3g}"
        raise BadInput(
            f"{what}: row {start + bad[0]} (from 0) is {length:.3g} long, expected {expected}: divide all "
            "embeddings by one number, or compare them by cosine"
        )
