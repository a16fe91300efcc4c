"""The fixed order of items by similarity: (similarity descending, id ascending)."""

from __future__ import annotations

import numpy as np

from core.compiled import kernel, part
from core.search.counting import COUNTED, first_by_counting
from core.search.radix import radix_sort
from core.search.settle import settle

_STEPS = 65_535.0  # that the similarities of many items are first told apart by
_FEW = 16  # items that are sorted by comparing each with those before it


@kernel
def order_by_similarity(similarities: np.ndarray, ids: np.ndarray, depth: int = -1) -> np.ndarray:
    """Positions int32 that sort `similarities` float64 (M,) in descending order, equal ones by `ids` int32 (M,).

    Only the first `depth` of them, which is at most M, where it is not -1.
    """
    count = ids.shape[0]
    wanted = count if depth < 0 else depth
    if count <= _FEW:
        order = np.arange(count).astype(np.int32)
        settle(order, similarities, ids)
        return order[:wanted]
    if 0 < wanted <= COUNTED:
        order = first_by_counting(similarities, ids, wanted)
        if order.shape[0] == wanted:
            return order
    return _by_radix(similarities, ids)[:wanted]


@kernel
def _by_radix(similarities: np.ndarray, ids: np.ndarray) -> np.ndarray:
    count = ids.shape[0]
    high, low = similarities[0], similarities[0]
    for i in range(count):
        high = max(high, similarities[i])
        low = min(low, similarities[i])
    scale = _STEPS / (high - low) if high > low else 0.0
    if not np.isfinite(scale):  # so near each other that one step is as good
        scale = 0.0
    order = np.empty(count, np.int32)
    entries, scratch = np.empty(count, np.uint64), np.empty(count, np.uint64)
    for i in range(count):  # a smaller similarity is never in an earlier step, however the two products are rounded
        step = np.uint64(np.int64((high - similarities[i]) * scale))
        entries[i] = step << np.uint64(32) | np.uint64(i)
    radix_sort(entries, scratch, int(_STEPS))
    for i in range(count):
        order[i] = np.int32(entries[i] & np.uint64(0xFFFFFFFF))
    _settle_steps(order, entries, similarities, ids)
    return order


@part
def _settle_steps(order: np.ndarray, entries: np.ndarray, similarities: np.ndarray, ids: np.ndarray) -> None:
    """Sort `order` within each step of `entries`."""
    first = 0
    for i in range(1, order.shape[0] + 1):
        if i == order.shape[0] or entries[i] >> np.uint64(32) != entries[first] >> np.uint64(32):
            if i - first > 1:
                settle(order[first:i], similarities, ids)
            first = i
