from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.hashing.kmeans import KMeansCells
from core.hashing.numbered import check_dimensions, pack_numbers, unpack_numbers


def test_by_hand():
    codes = pack_numbers(np.array([[5, 2, 7], [0, 1, 4]]), 3)
    assert [f"{byte:08b}" for byte in codes.ravel()] == ["10101011", "10000000", "00000110", "00000000"]
    assert unpack_numbers(codes, 3, 3).tolist() == [[5, 2, 7], [0, 1, 4]]


@given(st.integers(1, 12), st.integers(1, 20), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_numbers_come_back(bits, parts, count, seed):
    numbers = np.random.default_rng(seed).integers(0, 2**bits, (count, parts))
    codes = pack_numbers(numbers, bits)
    assert codes.shape == (count, -(-parts * bits // 8))
    assert np.array_equal(unpack_numbers(codes, parts, bits), numbers)


def test_bytes_are_their_own_numbers():
    numbers = np.random.default_rng(0).integers(0, 256, (40, 6)).astype(np.uint8)
    assert np.array_equal(pack_numbers(numbers, 8), numbers)


def test_no_real_values():
    with pytest.raises(BadInput, match="'kmeans' has no real values"):
        KMeansCells(4).project(np.ones((2, 3), np.float32))


def test_dimensions():
    check_dimensions(np.ones((2, 3), np.float32), 3, "pq")
    with pytest.raises(BadInput, match="features of 4 dimensions: pq was fitted on 3"):
        check_dimensions(np.ones((2, 4), np.float32), 3, "pq")
    with pytest.raises(BadInput, match="row 1"):
        check_dimensions(np.array([[1.0], [np.nan]]), 1, "pq")
