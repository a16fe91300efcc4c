"""PCA and a random rotation: the principal components are turned before their signs are taken.

The baseline "PCA-RR" of Gong & Lazebnik, "Iterative Quantization: A Procrustean Approach to Learning Binary Codes",
CVPR 2011, after Jégou et al., CVPR 2010: the rotation spreads the variance over all bits. ITQ starts from it.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from core.hashing.base import LinearHash, one_thread
from core.hashing.itq import random_rotation
from core.hashing.pca_sign import principal_components


class PcaRotation(LinearHash):
    """Signs of the first `bits` principal components after a random rotation, drawn by the seed."""

    name = "pca-rotation"

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Find the components of X, float (N, d), and draw the rotation. BadInput as for PCA-sign."""
        with one_thread():
            mean, axes = principal_components(X, self.bits, self.name)
            return self._keep(mean, axes @ random_rotation(self.bits, np.random.default_rng(self.seed)))
