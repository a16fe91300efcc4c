"""Average precision at k, by its four divisors. S_k = sum over i <= k of rel_i * (precision at i)."""

from __future__ import annotations

from core.metrics.quotient import Quotient

ap = Quotient("ap_sum", by_k=True, by_relevant=True)  # S_k / min(R, k): 1 for a perfect ranking; 0 where R = 0
ap_trec = Quotient("ap_sum", by_relevant=True)  # S_k / R: trec_eval's map_cut
ap_hits = Quotient("ap_per_hit")  # S_k / hits in the top k, 0 without a hit: the hashing literature's mAP@k
ap_source = Quotient("ap_sum", by_k=True)  # S_k / k: the source system's table
