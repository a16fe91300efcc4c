"""What a float32 inner product can be off by, whatever the order of its sum."""

from __future__ import annotations

import numpy as np

from core.errors import BadInput
from core.runtime.parallel import blocks

_ROWS = 65_536  # rows whose lengths are computed at once
_LONGEST = 1e30  # a product of lengths from here on could overflow float32


def longest_row(gallery: np.ndarray) -> float:
    """The length of the longest row of float32 (N, d), or a little more."""
    most = 0.0
    for part in blocks(len(gallery), _ROWS):
        rows = gallery[part].astype(np.float64)
        most = max(most, float(np.einsum("nd,nd->n", rows, rows).max()))
    return most**0.5 * (1 + 1e-12)


def rounding_bounds(queries: np.ndarray, longest: float) -> np.ndarray:
    """What the float32 product of each query with a row of at most that length can be off by, float64 (Q,).

    The bound d u / (1 - d u) |q||g| of Higham, Accuracy and Stability of Numerical Algorithms, 3.1, with u = 2^-24 and
    4 more dimensions, which leaves room for the rounding of float64; then what numbers too small for float32 can lose.
    Raises BadInput where a product could overflow.
    """
    lengths = _lengths(queries)
    if products_overflow(queries, longest):
        most = float(lengths.max()) * longest
        raise BadInput(f"vectors with a product of lengths of {most:.3g}: expected below {_LONGEST:g}; normalise them")
    rounded = (queries.shape[1] + 4) * 2.0**-24
    return rounded * (1 + 2 * rounded) * lengths * longest + queries.shape[1] * 2.0**-120


def products_overflow(queries: np.ndarray, longest: float) -> bool:
    """Whether a float32 product of a query with a row of at most that length could overflow."""
    return not float(_lengths(queries).max(initial=0.0)) * longest < _LONGEST


def _lengths(queries: np.ndarray) -> np.ndarray:
    return np.linalg.norm(queries.astype(np.float64), axis=1)
