"""Normalised discounted cumulative gain at k (Järvelin & Kekäläinen, TOIS 2002): discount 1 / log2(rank + 1)."""

from __future__ import annotations

import numpy as np

from core.metrics.sums import Accumulated


def ndcg(sums: Accumulated) -> np.ndarray:
    """Gain 1 for the query's class, else 0; float (Q, K)."""
    return sums.ndcg


def ndcg_hierarchical(sums: Accumulated) -> np.ndarray:
    """The class similarity as gain; float (Q, K)."""
    return sums.ndcg_hierarchical
