from __future__ import annotations

import numpy as np
import pytest

from core.compiled import kernel
from core.search.prefetch import prefetch_row


@kernel
def _fetch_all(rows):
    for row in range(rows.shape[0]):
        prefetch_row(rows, row)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (5, 16), (7, 100), (3, 0)])
def test_fetching_changes_nothing(shape, dtype):
    rows = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    before = rows.copy()
    _fetch_all(rows)
    _fetch_all(rows[::2])  # rows that stand apart
    assert np.array_equal(rows, before)
