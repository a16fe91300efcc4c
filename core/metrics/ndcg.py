"""Normalised discounted cumulative gain at k (Järvelin & Kekäläinen, TOIS 2002): discount 1 / log2(rank + 1)."""

from __future__ import annotations

from core.metrics.quotient import Quotient

ndcg = Quotient("ndcg")  # gain 1 for the query's class, else 0
ndcg_hierarchical = Quotient("ndcg_hierarchical")  # the class similarity as gain
