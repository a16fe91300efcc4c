"""Hierarchical precision at k and its averages (Deng et al., CVPR 2011; Barz & Denzler, WACV 2019).

hp_i = sum of the class similarities of the top i / the largest such sum that any ranking of the gallery reaches.
"""

from __future__ import annotations

import numpy as np

from core.metrics.quotient import Quotient

hp = Quotient("hp")  # hp_k
ahp = Quotient("ahp_sum", by_k=True)  # mean of hp_1 .. hp_k: 1 for a perfect ranking at every k
ahp_trapezoid = Quotient("hp_area", by_k=True)  # with dx = 1/k, the published mAHP@k: (k - 1) / k for a perfect ranking


def ahp_trapezoid_ceiling(relevant: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """(k - 1) / k; float64 (Q, K)."""
    return np.broadcast_to((ks - 1) / ks, (len(relevant), len(ks)))
