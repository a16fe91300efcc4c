"""Recall at k."""

from __future__ import annotations

import numpy as np

from core.metrics.sums import Accumulated


def recall(sums: Accumulated) -> np.ndarray:
    """hits in the top k / R, 0 where R = 0; float64 (Q, K)."""
    return sums.hits / np.maximum(sums.relevant, 1)[:, None]


def recall_ceiling(relevant: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """min(R, k) / R; float64 (Q, K)."""
    return np.minimum(relevant[:, None], ks) / np.maximum(relevant, 1)[:, None]
