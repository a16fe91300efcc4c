"""The training images that are kept for choices, so that no test image is ever used to choose anything."""

from __future__ import annotations

import numpy as np

SHARE = 10  # one in ten


def held_out(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Sorted indices of a tenth of each class, one at least, seeded: 5,000 training images of either CIFAR."""
    generator = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return np.sort(
        np.concatenate([generator.permutation(places)[: max(1, len(places) // SHARE)] for places in members])
    )
