from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from core.search.popcount import popcount


@njit
def count(word):
    return popcount(word)


@pytest.mark.parametrize(
    ("word", "bits"), [(0, 0), (1, 1), (0b1011, 3), (2**63, 1), (2**64 - 1, 64), (0x0F0F0F0F0F0F0F0F, 32)]
)
def test_set_bits(word, bits):
    assert count(np.uint64(word)) == bits
