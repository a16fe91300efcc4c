from __future__ import annotations

import numpy as np
import pytest

from core.metrics.aligned import copied_by_line, zeros_by_line


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 266, 10_001])
def test_zeros_begin_a_line(count):
    held = [zeros_by_line(count) for _ in range(20)]
    for zeros in held:
        assert zeros.ctypes.data % 64 == 0
        assert zeros.shape == (count,) and zeros.dtype == np.float64 and not zeros.any()
        zeros[:] = 1.0  # the last one is its own: none of the others changes
    assert all((ones == 1.0).all() for ones in held)


def test_a_copy_begins_a_line_and_is_apart():
    values = np.arange(20.0)[3:]
    copy = copied_by_line(values)
    assert copy.ctypes.data % 64 == 0 and np.array_equal(copy, values)
    copy[0] = -1.0
    assert values[0] == 3.0
