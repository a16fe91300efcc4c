"""The exact order of a few items that were not told apart: (similarity descending, id ascending)."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel

_LONG = 48  # items that are no longer sorted by comparing each with those before it


@kernel
def settle(order: np.ndarray, similarities: np.ndarray, ids: np.ndarray) -> None:
    """Sort the positions `order` int32 by `similarities` float64 (M,), descending, equal ones by `ids` int32 (M,)."""
    if order.shape[0] > _LONG:
        run = order.copy()
        run = run[np.argsort(ids[run])]
        order[:] = run[np.argsort(-similarities[run], kind="mergesort")]
        return
    for i in range(1, order.shape[0]):
        item = order[i]
        own, place = similarities[item], i
        while place > 0:
            other = order[place - 1]
            value = similarities[other]
            if value > own or (value == own and ids[other] < ids[item]):
                break
            order[place] = other
            place -= 1
        order[place] = item
