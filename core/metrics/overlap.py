"""Overlap with exact search: needs no labels."""

from __future__ import annotations

from core.metrics.quotient import Quotient

overlap = Quotient("shared", by_k=True)  # share of the exact top k in this search's top k
