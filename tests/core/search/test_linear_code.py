from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hashing.packing import pack, width
from core.search.linear_code import linear_code
from tests.core.search.worlds import quick


def by_loops(query, mean, projection):
    """The sums in index order, in float64, rounded once to float32."""
    bits = []
    for b in range(projection.shape[1]):
        total = 0.0
        for j in range(len(query)):
            total += (float(query[j]) - float(mean[j])) * float(projection[j, b])
        bits.append(np.float32(total) > 0)
    return pack(np.array(bits)[None])[0]


def coded(query, mean, projection):
    bits = projection.shape[1]
    values, code = np.full(bits, np.nan), np.full(width(bits), 255, np.uint8)  # what they held before is not used
    linear_code(query, mean, projection, values, code)
    return code, values


def test_by_hand():
    projection = np.array([[1, -1, 0, 2, 1], [1, 1, 0, -1, -2]], np.float32)
    code, values = coded(np.array([3, 2], np.float32), np.array([1, 1], np.float32), projection)
    assert values.tolist() == [3, -1, 0, 3, 0]
    assert code.tolist() == [0b10010000]


@quick
@given(
    st.integers(1, 21), st.one_of(st.integers(1, 70), st.sampled_from([8, 48, 64, 128, 256])), st.booleans(),
    st.sampled_from([1e-30, 1e-3, 1.0, 1e15]), st.integers(0, 99),
)  # fmt: skip
def test_equals_the_loops_bit_for_bit(dimensions, bits, whole_numbers, scale, seed):
    rng = np.random.default_rng(seed)
    query, mean = rng.normal(size=(2, dimensions)) * scale
    projection = rng.normal(size=(dimensions, bits))
    if whole_numbers:  # sums that are nothing
        query, mean, projection = np.round(query / scale), np.round(mean / scale), np.round(projection)
    query, mean, projection = (each.astype(np.float32) for each in (query, mean, projection))
    expected = by_loops(query, mean, projection)
    assert coded(query, mean, projection)[0].tolist() == expected.tolist()
    assert (
        coded(np.repeat(query, 2)[::2], mean, projection)[0].tolist() == expected.tolist()
    )  # numbers that stand apart


@pytest.mark.parametrize("bits", [2, 8, 11])
def test_a_value_too_small_for_float32_is_no_bit(bits):
    tiny = np.full((1, bits), 1e-30, np.float32)
    code, values = coded(np.array([1e-30], np.float32), np.zeros(1, np.float32), tiny)
    assert (values > 0).all()
    assert not code.any()


@pytest.mark.parametrize("dimensions", range(1, 10))
def test_terms_are_added_in_index_order(dimensions):
    query = np.array([1e16, 1.0, -1e16, 1.0, 1e16, -1e16, 3.0, -1.0, 2.0], np.float32)[:dimensions]
    values = coded(query, np.zeros(dimensions, np.float32), np.ones((dimensions, 3), np.float32))[1]
    total = 0.0
    for number in query:
        total += float(number)
    assert values.tolist() == [total] * 3
