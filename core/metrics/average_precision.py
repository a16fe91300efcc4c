"""Average precision at k, by its four divisors. S_k = sum over i <= k of rel_i * (precision at i)."""

from __future__ import annotations

import numpy as np

from core.metrics.sums import Accumulated


def ap(sums: Accumulated) -> np.ndarray:
    """S_k / min(R, k): 1 for a perfect ranking at every k; 0 where R = 0; float64 (Q, K)."""
    return sums.ap_sum / np.maximum(np.minimum(sums.relevant[:, None], sums.ks), 1)


def ap_trec(sums: Accumulated) -> np.ndarray:
    """S_k / R: trec_eval's map_cut; float64 (Q, K)."""
    return sums.ap_sum / np.maximum(sums.relevant, 1)[:, None]


def ap_hits(sums: Accumulated) -> np.ndarray:
    """S_k / hits in the top k, 0 without a hit: the hashing literature's mAP@k; float64 (Q, K)."""
    return sums.ap_sum / np.maximum(sums.hits, 1)


def ap_source(sums: Accumulated) -> np.ndarray:
    """S_k / k: the source system's table; float64 (Q, K)."""
    return sums.ap_sum / sums.ks
