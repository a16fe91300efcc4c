"""Recall at k."""

from __future__ import annotations

import numpy as np

from core.metrics.quotient import Quotient

recall = Quotient("hits", by_relevant=True)  # hits in the top k / R, 0 where R = 0


def recall_ceiling(relevant: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """min(R, k) / R; float64 (Q, K)."""
    return np.minimum(relevant[:, None], ks) / np.maximum(relevant, 1)[:, None]
