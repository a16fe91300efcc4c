from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numba.core.errors import TypingError

from core.compiled import kernel
from core.search.masks import (
    LANES,
    SPARE,
    count_up_to,
    find_up_to,
    highest_bit,
    limit_for,
    lowest_bit,
    mask_equal,
    mask_up_to,
)
from tests.core.search.worlds import quick


@kernel
def _mask(values, start, limit):
    return mask_up_to(values, start, limit)


@kernel
def _equal(values, start, limit):
    return mask_equal(values, start, limit)


@kernel
def _lowest(mask):
    return lowest_bit(mask)


@kernel
def _highest(mask):
    return highest_bit(mask)


@pytest.mark.parametrize("place", [0, 1, 31, 63])
def test_the_highest_bit(place):
    assert _highest(np.uint64((1 << place) | 1)) == place


def test_a_mask_by_hand():
    values = np.full(LANES + 3, 9, np.uint16)
    values[[3, 5, 34]] = 4, 7, 0
    assert _mask(values, 0, np.uint16(4)) == 1 << 3
    assert _mask(values, 0, np.uint16(7)) == (1 << 3) | (1 << 5)
    assert _mask(values, 3, np.uint16(0)) == 1 << 31
    assert _equal(values, 0, np.uint16(7)) == 1 << 5
    assert _equal(values, 3, np.uint16(4)) == 1
    assert _mask(values, 0, np.uint16(9)) == 2**32 - 1


def test_items_that_are_not_side_by_side_are_refused():
    with pytest.raises(TypingError):
        _mask(np.zeros(3 * LANES, np.uint16)[::2], 0, np.uint16(4))


@pytest.mark.parametrize("place", [0, 1, 31, 63])
def test_the_lowest_bit(place):
    assert _lowest(np.uint64((1 << place) | (1 << 63))) == place


@quick
@given(
    st.sampled_from([np.uint16, np.int32]).flatmap(
        lambda kind: arrays.arrays(
            kind,
            st.integers(0, 150),
            elements=st.integers(0 if kind is np.uint16 else -(2**31), np.iinfo(kind).max) | st.integers(0, 5),
        )
    ),
    st.integers(0, 2**15),
)
def test_places_are_those_of_a_plain_comparison(values, limit):
    expected = np.flatnonzero(values <= limit)
    found = np.empty(len(expected) + SPARE, np.int32)
    assert count_up_to(values, values.dtype.type(limit)) == len(expected)
    assert find_up_to(values, values.dtype.type(limit), found) == len(expected)
    assert found[: len(expected)].tolist() == expected.tolist()


@kernel
def _limit_for(values, low, high, total, least, most):
    return limit_for(values, low, high, total, least, most)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint32])
def test_a_limit_by_hand(dtype):
    values = np.array([0, 1, 1, 3, 7, 7, 7, 9], dtype)
    assert _limit_for(values, 0, 9, 8, 3, 3) == (2, 3)  # 4, tried first, has four up to it, 2 has three
    assert _limit_for(values, 0, 9, 8, 4, 6) == (4, 4)  # 4, tried first, is no value and good enough
    assert _limit_for(values, 0, 9, 8, 5, 5) == (7, 7)  # none has five up to it: the least with as many
    assert _limit_for(values, 0, 9, 8, 8, 9) == (9, 8)
