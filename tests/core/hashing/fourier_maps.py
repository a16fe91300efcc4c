"""The Fourier maps as the paper writes them; the product keeps plain waves and has the weights in its linear maps."""

from __future__ import annotations

import numpy as np

from core.hashing.dominance import term_weights


def gallery_map(X: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Map of gallery items float64 (N, d) -> (N, 4 d m): sqrt|R| cos, sqrt|R| sin, sqrt|I| cos, sqrt|I| sin of w x."""
    cosine, sine, real, imaginary = _terms(X, frequencies)
    real, imaginary = np.sqrt(np.abs(real)), np.sqrt(np.abs(imaginary))
    return np.concatenate([cosine * real, sine * real, cosine * imaginary, sine * imaginary], axis=1)


def query_map(X: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Map of queries, (N, 4 d m): its inner products with `gallery_map` estimate the sum of s over dimensions."""
    cosine, sine, real, imaginary = _terms(X, frequencies)
    signed = [np.sign(part) * np.sqrt(np.abs(part)) for part in (real, imaginary)]
    return np.concatenate([cosine * signed[0], sine * signed[0], -sine * signed[1], cosine * signed[1]], axis=1)


def _terms(X: np.ndarray, frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """cos wx and sin wx, (N, d m), and the signed squares of their weights, (d m,)."""
    angles = (X[:, :, None] * frequencies).reshape(len(X), -1)
    real, imaginary = term_weights(frequencies)
    return np.cos(angles), np.sin(angles), real.ravel(), imaginary.ravel()
