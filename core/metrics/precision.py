"""Precision at k."""

from __future__ import annotations

import numpy as np

from core.metrics.quotient import Quotient

precision = Quotient("hits", by_k=True)  # hits in the top k / k


def precision_ceiling(relevant: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """min(R, k) / k; float64 (Q, K)."""
    return np.minimum(relevant[:, None], ks) / ks
