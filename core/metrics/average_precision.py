"""Average precision at k, by its four divisors. S_k = sum over i <= k of rel_i * (precision at i)."""

from __future__ import annotations

from operator import attrgetter

import numpy as np

from core.metrics.quotient import Quotient
from core.metrics.sums import Accumulated

_S = attrgetter("ap_sum")


def _per_hit(sums: Accumulated) -> np.ndarray:
    return sums.ap_sum / np.maximum(sums.hits, 1)


ap = Quotient(_S, by_k=True, by_relevant=True)  # S_k / min(R, k): 1 for a perfect ranking at every k; 0 where R = 0
ap_trec = Quotient(_S, by_relevant=True)  # S_k / R: trec_eval's map_cut
ap_hits = Quotient(_per_hit)  # S_k / hits in the top k, 0 without a hit: the hashing literature's mAP@k
ap_source = Quotient(_S, by_k=True)  # S_k / k: the source system's table
