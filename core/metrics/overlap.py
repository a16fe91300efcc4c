"""Overlap with exact search: needs no labels."""

from __future__ import annotations

import numpy as np

from core.metrics.sums import Accumulated


def overlap(sums: Accumulated) -> np.ndarray:
    """Share of the exact top k in this search's top k; float64 (Q, K)."""
    return sums.shared / sums.ks
