"""The fixed order of items by similarity: (similarity descending, id ascending)."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part
from core.search.radix import radix_sort

_STEPS = 65_535.0  # that the similarities are first told apart by
_FEW = 16  # items that are sorted by comparing each with those before it
_LONG = 48  # items of one step that are no longer sorted so


@kernel
def order_by_similarity(similarities: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Positions int32 that sort `similarities` float64 (M,) in descending order, equal ones by `ids` int32 (M,)."""
    count = ids.shape[0]
    order = np.empty(count, np.int32)
    if count <= _FEW:
        for i in range(count):
            order[i] = i
        _insertion_sort(order, similarities, ids)
        return order
    high, low = similarities[0], similarities[0]
    for i in range(count):
        high = max(high, similarities[i])
        low = min(low, similarities[i])
    scale = _STEPS / (high - low) if high > low else 0.0
    if not np.isfinite(scale):  # so near each other that one step is as good
        scale = 0.0
    entries, scratch = np.empty(count, np.uint64), np.empty(count, np.uint64)
    for i in range(count):  # a smaller similarity is never in an earlier step, however the two products are rounded
        step = np.uint64(np.int64((high - similarities[i]) * scale))
        entries[i] = step << np.uint64(32) | np.uint64(i)
    radix_sort(entries, scratch, int(_STEPS))
    for i in range(count):
        order[i] = np.int32(entries[i] & np.uint64(0xFFFFFFFF))
    _sort_steps(order, entries, similarities, ids)
    return order


@kernel
def _sort_steps(order: np.ndarray, entries: np.ndarray, similarities: np.ndarray, ids: np.ndarray) -> None:
    """Sort `order` within each step of `entries`."""
    first = 0
    for i in range(1, order.shape[0] + 1):
        if i == order.shape[0] or entries[i] >> np.uint64(32) != entries[first] >> np.uint64(32):
            if i - first > _LONG:
                run = order[first:i].copy()
                run = run[np.argsort(ids[run])]
                order[first:i] = run[np.argsort(-similarities[run], kind="mergesort")]
            elif i - first > 1:
                _insertion_sort(order[first:i], similarities, ids)
            first = i


@part
def _insertion_sort(order: np.ndarray, similarities: np.ndarray, ids: np.ndarray) -> None:
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
