"""An evaluator in the style of the hashing literature's: a full argsort and a Python loop over the queries.

Rebuilt from the definitions (`CalcTopMap` of DeepHash-pytorch): codes of -1 and +1, distances by a matrix product,
`np.argsort` of the whole gallery, average precision over the hits found in the top k. One search, one metric, one k.
Kinder than its model in one thing: labels are compared as numbers, not by a product of one-hot rows.
"""

from __future__ import annotations

import numpy as np

from core.hashing.packing import unpack
from core.timing.opponents.argsort import signs
from core.timing.opponents.contender import SearchInputs


def code_signs(inputs: SearchInputs) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the queries and of the gallery as float32 of -1 and +1, as such evaluators are given them."""
    codes = inputs.pair
    return signs(unpack(codes.queries.packed, codes.bits)), signs(unpack(codes.gallery.packed, codes.bits))


def deephash_ap(
    inputs: SearchInputs, queries: np.ndarray, gallery: np.ndarray, k: int, stable: bool = False
) -> np.ndarray:
    """Found-only AP@k of each query (`ap_hits`), float64 (Q,); `queries` (Q, bits) and `gallery` (N, bits) are signs.

    The model's sort is not stable: ties stand in any order. `stable` is for a comparison with the fixed tie order.
    """
    task, bits = inputs.task, gallery.shape[1]
    values = np.zeros(len(queries))
    for q, query in enumerate(queries):
        apart = 0.5 * (bits - gallery @ query)
        if task.exclude[q] >= 0:
            apart[task.exclude[q]] = np.inf
        order = np.argsort(apart, kind="stable" if stable else None)
        found = task.gallery_labels[order[:k]] == task.query_labels[q]
        ranks = np.flatnonzero(found) + 1
        if len(ranks):
            values[q] = (np.arange(1, len(ranks) + 1) / ranks).mean()
    return values
