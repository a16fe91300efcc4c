"""PCA-sign: the bits are the signs of the leading principal components.

The baseline "PCA-Direct" of Gong & Lazebnik, "Iterative Quantization: A Procrustean Approach to Learning Binary
Codes", CVPR 2011. Every component gets one bit however little it varies, which is what ITQ mends.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from core.errors import BadInput
from core.hashing.base import CHUNK, LinearHash, check_features, feature_mean, one_thread


class PcaSign(LinearHash):
    """Signs of the first `bits` principal components, so a shorter code is the start of a longer one."""

    name = "pca-sign"

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Find the components of X, float (N, d). BadInput as in `principal_components`."""
        with one_thread():
            return self._keep(*principal_components(X, self.bits, self.name))


def principal_components(
    X: np.ndarray, count: int, method: str = "pca", or_fewer: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The mean (d,) and the first `count` principal axes (d, count) of features float (N, d), both float64.

    By eigenvectors of the covariance in float64, nothing random; the largest-magnitude entry of each axis is
    positive. BadInput, naming `method`, for NaN, fewer than 2 rows, constant features, or fewer directions in
    which the features vary than `count`: the other components would be the signs of rounding errors. With
    `or_fewer` as many axes come then as there are such directions.
    """
    check_features(X, least_rows=2)
    dimensions = X.shape[1]
    if count > dimensions and not or_fewer:
        raise BadInput(
            f"{count} bits from {dimensions} dimensions: {method} gives at most one bit a dimension; "
            "ask for fewer bits, or use random-hyperplane"
        )
    mean = feature_mean(X)
    variances, axes = np.linalg.eigh(_scatter(X, mean))
    variances, axes = variances[::-1], axes[:, ::-1]
    # Below this a sum of squares is what rounding leaves of zero (float32 input, sums in float64).
    largest = max(variances[0], len(X) * float(mean @ mean))
    floor = 10 * (dimensions + len(X) ** 0.5) * np.finfo(np.float64).eps * largest
    varied = min(int((variances > floor).sum()), len(X) - 1)
    if varied == 0:
        raise BadInput(f"the features are constant: {method} needs rows that differ")
    if or_fewer:
        count = min(count, varied)
    if count > varied:
        raise BadInput(
            f"{count} bits from {len(X)} rows of features that vary in {varied} directions: {method} gives at most "
            "one bit a direction; ask for fewer bits, fit on more rows, or use random-hyperplane"
        )
    axes = axes[:, :count]
    peaks = axes[np.abs(axes).argmax(axis=0), np.arange(count)]
    return mean, axes * np.where(peaks < 0, -1.0, 1.0)


def _scatter(X: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The sum of outer products of the centred rows, float64 (d, d)."""
    total = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, len(X), CHUNK):
        centred = X[start : start + CHUNK].astype(np.float64) - mean
        total += centred.T @ centred
    return total
