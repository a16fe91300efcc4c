"""Iterative quantisation: PCA, then the rotation that brings the components nearest to the corners of the cube.

Gong & Lazebnik, "Iterative Quantization: A Procrustean Approach to Learning Binary Codes", CVPR 2011. With the
principal components V (N, b), alternate B = sign(V R) and the rotation R that is best for B (orthogonal
Procrustes): with the singular value decomposition B'V = P S Q', R = Q P'. No step raises |B - V R|^2.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from core.errors import BadInput
from core.hashing.base import LinearHash, centred_product, one_thread
from core.hashing.pca_sign import principal_components

ROWS = 4096  # rows of V rotated at a time: they stay in the processor's cache


class ITQ(LinearHash):
    """PCA and a learned rotation; `rotation` (bits, bits) and `errors` (iterations + 1,) tell how the fit went."""

    name = "itq"

    def __init__(self, bits: int, seed: int = 0, iterations: int = 50) -> None:
        super().__init__(bits, seed)
        if iterations < 0:
            raise BadInput(f"{iterations} iterations: expected 0 or more")
        self.iterations = iterations

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Learn from X, float (N, d), with a seeded random rotation to begin with. BadInput as for PCA-sign."""
        with one_thread():
            mean, axes = principal_components(X, self.bits, self.name)
            values = unit_scale(centred_product(X, mean, axes))
            start = random_rotation(self.bits, np.random.default_rng(self.seed))
            self.rotation, self.errors = learn_rotation(values, start, self.iterations)
            return self._keep(mean, axes @ self.rotation)


def learn_rotation(values: np.ndarray, start: np.ndarray, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """ITQ's alternation on V float32 (N, b) from the rotation `start` (b, b).

    Returns the rotation, float64 (b, b), and the quantisation error before each iteration and after the last,
    float64 (iterations + 1,).
    """
    rotation, errors = start, []
    for _ in range(iterations):
        match, error = _quantise(values, rotation)
        errors.append(error)
        left, _, right = np.linalg.svd(match)
        rotation = right.T @ left.T
    errors.append(quantisation_error(values, rotation))
    return rotation, np.array(errors)


def quantisation_error(values: np.ndarray, rotation: np.ndarray) -> float:
    """|B - V R|^2 with B = sign(V R), the mean over all N * b entries."""
    return _quantise(values, rotation)[1]


def random_rotation(size: int, generator: np.random.Generator) -> np.ndarray:
    """An orthogonal matrix, float64 (size, size), drawn evenly from all (Mezzadri, Notices of the AMS 54, 2007)."""
    orthogonal, upper = np.linalg.qr(generator.standard_normal((size, size)))
    return orthogonal * np.where(np.diag(upper) < 0, -1.0, 1.0)


def unit_scale(values: np.ndarray) -> np.ndarray:
    """V scaled to a mean square of 1, float32: it moves neither the best rotation nor a bit, and fits float32."""
    return (values / np.sqrt(np.mean(values.astype(np.float64) ** 2))).astype(np.float32)


def _quantise(values: np.ndarray, rotation: np.ndarray) -> tuple[np.ndarray, float]:
    """B'V, float64 (b, b), for B = sign(V R), and the mean of |B - V R|^2."""
    turn = rotation.astype(np.float32)
    match = np.zeros(rotation.shape)
    squares = 0.0
    for start in range(0, len(values), ROWS):
        part = values[start : start + ROWS]
        signs = np.where(part @ turn > 0, np.float32(1), np.float32(-1))
        match += signs.T @ part
        squares += float(np.vdot(part, part))
    # |B|^2 is 1 an entry, |V R|^2 = |V|^2, and the sum of B * (V R) is the trace of B'V R.
    return match, 1.0 + (squares - 2.0 * float(np.trace(match @ rotation))) / values.size
