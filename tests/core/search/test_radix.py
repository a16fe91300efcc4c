from __future__ import annotations

import numpy as np
import pytest

from core.compiled import kernel
from core.search.radix import radix_sort


@kernel
def _sorted(entries, largest):
    radix_sort(entries, np.empty_like(entries), largest)
    return entries


@pytest.mark.parametrize("count", [0, 1, 2, 300])
@pytest.mark.parametrize("largest", [0, 1, 255, 256, 65_535, 2**24, 2**32 - 1])
def test_equals_a_stable_sort(count, largest):
    keys = np.random.default_rng(count).integers(0, largest + 1, count).astype(np.uint64)
    keys[count // 2 :] = keys[: count - count // 2]  # some twice
    entries = keys << np.uint64(32) | np.arange(count, 0, -1, dtype=np.uint64)
    expected = entries[np.argsort(keys, kind="stable")]
    assert np.array_equal(_sorted(entries.copy(), largest), expected)
