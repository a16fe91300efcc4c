"""Random hyperplanes (SimHash): a bit says on which side of a random plane the features lie.

Charikar, "Similarity Estimation Techniques from Rounding Algorithms", STOC 2002. Two vectors at the angle theta
differ in a bit with probability theta / pi, so the Hamming distance estimates the angle. The planes go through
the mean of the training features: features whose entries are all positive would else share most of their bits.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from core.hashing.base import LinearHash, check_features, feature_mean


class RandomHyperplane(LinearHash):
    """Bits from planes with N(0, 1) normals; the first b planes of a longer code are those of the code of b bits."""

    name = "random-hyperplane"

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Take the mean of X, float (N, d), and draw the planes. BadInput for no rows or NaN."""
        check_features(X, least_rows=1)
        # One plane after another, so that more bits only add planes (the prefix property); any bits > d is fine.
        planes = np.random.default_rng(self.seed).standard_normal((self.bits, X.shape[1]))
        return self._keep(feature_mean(X), planes.T)
