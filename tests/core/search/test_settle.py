from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compiled import kernel
from core.search.settle import settle
from tests.core.search.test_order import by_python
from tests.core.search.worlds import quick


@kernel
def _settled(order, similarities, ids):
    settle(order, similarities, ids)
    return order


@quick
@given(st.integers(0, 120), st.integers(1, 120), st.integers(0, 99))
def test_a_run_is_sorted_as_python_would(count, distinct, seed):
    rng = np.random.default_rng(seed)
    similarities, ids = rng.integers(0, distinct, count + 9).astype(float), rng.permutation(count + 9).astype(np.int32)
    run = rng.permutation(count + 9)[:count].astype(np.int32)  # of more items than the run has
    expected = sorted(run.tolist(), key=lambda place: (-similarities[place], ids[place]))
    assert _settled(run, similarities, ids).tolist() == expected


@pytest.mark.parametrize("count", [1, 2, 47, 48, 49, 50])
@pytest.mark.parametrize("values", [[1.0], [0.0, -0.0], [np.inf, -np.inf, 1.0]])
def test_either_way_to_sort(count, values):
    similarities, ids = np.resize(values, count), np.arange(count, 0, -1).astype(np.int32)
    order = np.arange(count, dtype=np.int32)
    assert _settled(order, similarities, ids).tolist() == by_python(similarities, ids)
