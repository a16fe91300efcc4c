"""RaBitQ: one bit a dimension after a random rotation, and two numbers that make distances estimable.

Gao & Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for Approximate Nearest
Neighbor Search", SIGMOD 2024: what a practitioner would take today where memory is short. The length of a code follows
from the dimensions. Search uses the paper's estimator (`core.search.estimate`); faiss's IndexRaBitQ, which leaves the
rotation to its caller, gives the same distances.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import numpy as np

from core.errors import BadInput
from core.hashing import packing
from core.hashing.base import LinearHash, check_features, feature_mean, head_arrays, one_thread
from core.hashing.itq import random_rotation

if TYPE_CHECKING:
    from core.search.estimate import SignedItems

_FACTOR_BYTES = 8  # two float32


class RaBitQ(LinearHash):
    """`project` gives rotated residuals float32 (N, d), whose signs are the bits before the two numbers of a code."""

    name = "rabitq"

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Take the mean of X, float (N, d), and draw the rotation. BadInput for NaN and for another length."""
        check_features(X, least_rows=1)
        dimensions = X.shape[1]
        length = rabitq_bits(dimensions)
        if self.bits != length:
            raise BadInput(f"{self.bits} bits: {self.name} has {length} on {dimensions} dimensions and no other length")
        with one_thread():
            return self._keep(feature_mean(X), random_rotation(dimensions, np.random.default_rng(self.seed)))

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Features float (N, d) -> signs, then |r|^2 and |r|^2 / sum |r_i| as float32: uint8 (N, bits / 8)."""
        residuals = self.project(X)
        squares = np.square(residuals, dtype=np.float64).sum(axis=1)
        sums = np.abs(residuals).sum(axis=1, dtype=np.float64)
        factors = np.divide(squares, sums, out=np.zeros_like(squares), where=sums > 0)
        numbers = np.stack([squares, factors], axis=1).astype("<f4")
        return np.concatenate([packing.pack(residuals > 0), numbers.view(np.uint8)], axis=1)

    def state(self) -> dict[str, np.ndarray]:
        """The fitted arrays, `mean` float32 (d,) and `rotation` float32 (d, d)."""
        linear = super().state()
        return {"mean": linear["mean"], "rotation": linear["projection"]}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from. BadInput where the arrays do not fit."""
        arrays, sizes = head_arrays(cls.name, state, {"mean": "d", "rotation": "dd"})
        return cls(rabitq_bits(sizes["d"]), seed)._keep(arrays["mean"], arrays["rotation"])

    def cut(self, bits: int) -> Self:
        """BadInput: a code has no shorter one in it."""
        raise BadInput(f"hash '{self.name}' cannot be cut to {bits} bits: its length follows from the dimensions")


def rabitq_bits(dimensions: int) -> int:
    """Bits that a code takes: whole bytes of signs, and two float32.

    >>> rabitq_bits(100)
    168
    """
    return 8 * (packing.width(dimensions) + _FACTOR_BYTES)


def signed_items(codes: np.ndarray) -> SignedItems:
    """Codes uint8 (N, bits / 8) as search reads them."""
    from core.search.estimate import SignedItems

    numbers = np.ascontiguousarray(codes[:, -_FACTOR_BYTES:]).view("<f4").astype(np.float32)
    squares, factors = (np.ascontiguousarray(column) for column in numbers.T)
    return SignedItems(np.ascontiguousarray(codes[:, :-_FACTOR_BYTES].T), squares, factors)
