"""Precision at k."""

from __future__ import annotations

import numpy as np

from core.metrics.sums import Accumulated


def precision(sums: Accumulated) -> np.ndarray:
    """hits in the top k / k; float64 (Q, K)."""
    return sums.hits / sums.ks


def precision_ceiling(relevant: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """min(R, k) / k; float64 (Q, K)."""
    return np.minimum(relevant[:, None], ks) / ks
