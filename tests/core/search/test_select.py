from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.search.select import (
    SPARE,
    count_up_to,
    ends_of,
    enough,
    find_up_to,
    limit_of_keys,
    popcount,
    select_least,
    sort_pairs,
    take_least,
    to_starts,
)
from tests.core.search.worlds import quick

TINY = float(np.nextafter(0.0, 1.0))


@pytest.mark.parametrize(
    ("word", "bits"),
    [(0, 0), (1, 1), (0b1011, 3), (2**63, 1), (2**64 - 1, 64), (2**64 - 2, 63), (0x0F0F0F0F0F0F0F0F, 32)],
)
def test_set_bits_by_hand(word, bits):
    assert popcount(np.uint64(word)) == bits


@quick
@given(st.integers(0, 2**64 - 1))
def test_set_bits_are_those_that_python_counts(word):
    assert popcount(np.uint64(word)) == word.bit_count()


def test_places_up_to_a_limit_by_hand():
    values, found = np.array([4, 0, 9, 4, 5], np.uint16), np.full(3 + SPARE, -1, np.int32)
    assert count_up_to(values, np.uint16(4)) == find_up_to(values, np.uint16(4), found) == 3
    assert found[:3].tolist() == [0, 1, 3]


@quick
@given(
    st.sampled_from([np.uint16, np.float32, np.float64]), st.one_of(st.integers(0, 200), st.just(33_000)),
    st.integers(0, 99), st.sampled_from([-1, 0, 1, 5, 9]),
)  # fmt: skip
def test_places_up_to_a_limit_are_those_of_a_plain_comparison(kind, count, seed, limit):
    values = np.random.default_rng(seed).integers(0, 10, count).astype(kind)
    limit = kind(max(limit, 0) if kind is np.uint16 else limit)
    expected = np.flatnonzero(values <= limit)
    found = np.empty(len(expected) + SPARE, np.int32)
    assert count_up_to(values, limit) == find_up_to(values, limit, found) == len(expected)
    assert np.array_equal(found[: len(expected)], expected)


@pytest.mark.parametrize("count", [63, 64, 65, 32_767, 32_768, 32_769, 70_000])
def test_more_items_than_a_narrow_counter_holds(count):
    found = np.empty(count + SPARE, np.int32)
    for values in (np.zeros(count), np.full(count, -np.inf)):
        assert count_up_to(values, 0.0) == find_up_to(values, 0.0, found) == count
        assert np.array_equal(found[:count], np.arange(count))
    assert count_up_to(np.ones(count), 0.0) == find_up_to(np.ones(count), 0.0, found) == 0


def test_no_more_than_the_spare_room_is_written_past_the_last_place():
    values = np.where(np.arange(640) % 64 == 0, 0.0, 1.0)  # one a word: as many spare places as can be
    found = np.full(10 + SPARE + 3, -7, np.int32)
    assert find_up_to(values, 0.0, found) == 10
    assert found[:10].tolist() == list(range(0, 640, 64))
    assert found[10 + SPARE :].tolist() == [-7] * 3


def test_infinite_keys_and_those_that_are_no_number_are_up_to_no_limit():
    keys = np.array([np.inf, 1.0, np.nan, -np.inf])
    found = np.empty(2 + SPARE, np.int32)
    assert count_up_to(keys, 1e300) == find_up_to(keys, 1e300, found) == 2
    assert found[:2].tolist() == [1, 3]


ADVERSARIAL = {
    "all equal": np.zeros(300),
    "all equal, not zero": np.full(300, -0.3),
    "two values": np.tile([0.25, 0.75], 150),
    "two neighbouring doubles": np.tile([1.0, np.nextafter(1.0, 2.0)], 150),
    "a huge outlier crowds the rest into one bin": np.append(np.random.default_rng(0).random(400), 1e12),
    "an outlier below": np.append(np.random.default_rng(1).random(400), -1e300),
    "many equal keys between two others": np.array([2.0, *np.ones(1000), 0.0]),
    "neighbours between two others": np.array([1.0, *np.nextafter(np.full(90, 0.5), [0, 1] * 45), 0.0]),
    "a wide span": np.array([8e307, -8e307, 0.0, 1.0, 8e307, -1.0] * 20),
    "denormal gaps": np.array([TINY, 0.0, 3 * TINY, TINY, -TINY, 2 * TINY] * 20),
    "a span near the smallest normal": np.linspace(0, 4e-308, 100),
    "an infinite span": np.resize([1.7e308, -1.7e308], 100),
    "an infinite span with others between": np.resize([1.7e308, -1.7e308, 0.0, 1.0, -1.0], 100),
    "an infinite scale": np.linspace(0, 1.0000001e-307, 100),
    "signed zeros are equal": np.array([0.0, -0.0] * 60),
    "signed zeros alone": np.array([-0.0, 0.0, -0.0, 0.0]),
    "ascending": np.arange(1000.0),
    "descending": -np.arange(1000.0),
    "powers of two": 2.0 ** -np.arange(1000),
    "powers of two below zero": -(2.0 ** -np.arange(500)),
    "gaps from the smallest to the largest": -np.append(0.0, 10.0 ** np.arange(-300, 300)),
    "some crowded bins": np.repeat([0.0, *(1 + np.arange(1, 9) / 128), 500.0], [1, *[17] * 8, 1]),
    "as many as a bin may hold": np.append(np.linspace(0.5, 0.500001, 16), [0.0, 1.0]),
    "one more than a bin may hold": np.append(np.linspace(0.5, 0.500001, 17)[::-1], [0.0, 1.0]),
    "two items": np.array([0.5, 0.25]),
    "one item": np.array([0.7]),
}


def drawn_ids(count, seed=0):
    """Some of three times as many, in no order."""
    return np.random.default_rng(seed).permutation(3 * count)[:count].astype(np.int32)


def by_python(keys, ids):
    return sorted(zip(keys.tolist(), ids.tolist(), strict=True))


def check_order(keys, ids):
    expected = by_python(keys, ids)
    for depth in {1, 2, len(keys) // 2, len(keys)} & set(range(1, len(keys) + 1)):
        best_keys, best_ids = np.empty(depth), np.empty(depth, np.int32)
        take_least(keys.copy(), ids.copy(), best_keys, best_ids)
        assert list(zip(best_keys.tolist(), best_ids.tolist(), strict=True)) == expected[:depth]
    keys, ids = keys.copy(), ids.copy()
    sort_pairs(keys, ids)
    assert list(zip(keys.tolist(), ids.tolist(), strict=True)) == expected


def check_selection(keys, depth, exclude=-1):
    expected = sorted((n for n in range(len(keys)) if n != exclude), key=lambda n: (keys[n], n))[:depth]
    ids, values = np.full(depth, -1, np.int32), np.full(depth, np.nan)
    select_least(keys.copy(), exclude, ids, values)
    assert ids.tolist() == expected
    assert values.tolist() == keys[expected].tolist()


def check_limit(keys, depth, low, high):
    limit = limit_of_keys(keys, low, high, depth)
    count = (keys <= limit).sum()
    assert depth <= count
    assert count <= enough(depth) or (keys < limit).sum() < depth  # few more, or equal ones


def test_pairs_by_hand():
    keys, ids = np.array([0.5, 0.9, 0.5, 0.1]), np.array([7, 4, 3, 9], np.int32)
    best_keys, best_ids = np.empty(2), np.empty(2, np.int32)
    take_least(keys.copy(), ids.copy(), best_keys, best_ids)
    assert (best_keys.tolist(), best_ids.tolist()) == ([0.1, 0.5], [9, 3])
    sort_pairs(keys, ids)
    assert (keys.tolist(), ids.tolist()) == ([0.1, 0.5, 0.5, 0.9], [9, 3, 7, 4])


def test_nothing_is_sorted_already():
    sort_pairs(np.empty(0), np.empty(0, np.int32))


def test_selection_by_hand():
    ids, values = np.empty(3, np.int32), np.empty(3)
    keys = np.array([0.5, -2.0, 0.5, 1.0])
    select_least(keys, -1, ids, values)
    assert (ids.tolist(), values.tolist()) == ([1, 0, 2], [-2.0, 0.5, 0.5])
    select_least(keys, 1, ids, values)
    assert (ids.tolist(), values.tolist()) == ([0, 2, 3], [0.5, 0.5, 1.0])
    assert keys.tolist() == [0.5, np.inf, 0.5, 1.0]


def test_ends_by_hand():
    assert ends_of(np.array([2.0, -1.0, 5.0, 0.0])) == (-1.0, 5.0)


def test_a_limit_by_hand():
    keys = np.arange(100.0)
    # Halving from 99: 49.5 has 50 up to it, more than the 33 that are enough for one; 24.75 has 25.
    assert enough(1) == 33
    assert limit_of_keys(keys, 0.0, 99.0, 2) == 24.75
    assert limit_of_keys(np.zeros(100), 0.0, 0.0, 2) == 0.0
    assert limit_of_keys(keys, 0.0, 99.0, 100) == 99.0


@pytest.mark.parametrize("values", [[np.inf, 1.0], [np.inf, -np.inf, 1.0], [np.inf, np.inf]])
def test_infinite_keys_are_sorted(values):
    keys = np.resize(values, 100)
    check_order(keys, np.arange(100, dtype=np.int32))
    check_order(keys, drawn_ids(100))


def test_nan_keys_end():
    keys, ids = np.resize([np.nan, 1.0, 2.0], 100), np.arange(100, dtype=np.int32)
    sort_pairs(keys, ids)
    assert sorted(ids) == list(range(100))


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_adversarial_keys(name):
    keys = ADVERSARIAL[name]
    count = len(keys)
    check_order(keys, np.arange(count, dtype=np.int32))
    check_order(keys, np.arange(count, 0, -1, dtype=np.int32))
    check_order(keys, drawn_ids(count))
    for depth in {1, 2, count // 3, count // 2, count - 1, count} & set(range(1, count + 1)):
        check_limit(keys, depth, *ends_of(keys))
        check_selection(keys, depth)
        for exclude in {0, count // 2, count - 1}:
            if depth < count:
                check_selection(keys, depth, exclude)


@pytest.mark.parametrize("exclude", range(0, 1000, 111))
def test_one_left_out_among_equal_keys(exclude):
    keys = np.where(np.arange(1000) % 3 == 0, 0.0, 1.0)
    for depth in (1, 333, 334, 999):
        check_selection(keys, depth, exclude)


_SPREADS = (0.0, 5e-324, 1e-300, 1e-17, 1e-6, 1.0, 1e6, 1e300)


@quick
@given(
    st.integers(1, 1200), st.sampled_from(_SPREADS), st.sampled_from(_SPREADS), st.integers(1, 5), st.integers(0, 99),
    st.data(),
)  # fmt: skip
def test_few_or_many_values_near_each_other_or_far_apart(count, spread, outlier, repeats, seed, data):
    rng = np.random.default_rng(seed)
    distinct = rng.normal(size=max(1, count // repeats)) * spread
    keys = distinct[rng.integers(0, len(distinct), count)]
    keys[: count // 50] += outlier
    keys = rng.permutation(keys)
    check_order(keys, drawn_ids(count, seed))
    check_limit(keys, data.draw(st.integers(1, count)), *ends_of(keys))
    exclude = data.draw(st.integers(-1, count - 1)) if count > 1 else -1
    check_selection(keys, data.draw(st.integers(1, count - (exclude >= 0))), exclude)


any_keys = arrays.arrays(
    np.float64,
    st.integers(2, 120),
    elements=st.one_of(st.floats(-8e307, 8e307), st.floats(-1, 1), st.sampled_from([0.0, 0.5, 1.0])),
)


@quick
@given(any_keys, st.data())
def test_any_keys_are_selected_as_a_stable_sort_would(keys, data):
    exclude = data.draw(st.integers(-1, len(keys) - 1))
    check_selection(keys, data.draw(st.integers(1, len(keys) - (exclude >= 0))), exclude)
    check_order(keys, drawn_ids(len(keys)))


@quick
@given(st.integers(40, 2000), st.integers(0, 99), st.data())
def test_a_limit_of_float32_keys_between_bounds_that_none_reaches(count, seed, data):
    keys = np.random.default_rng(seed).normal(size=count).astype(np.float32)
    low, high = (float(sign * (np.abs(keys).max() + 0.1)) for sign in (-1, 1))
    check_limit(keys, data.draw(st.integers(1, count)), low, high)


def test_starts_by_hand():
    counts = np.array([2, 0, 3, 1], np.int64)
    to_starts(counts)
    assert counts.tolist() == [0, 2, 2, 5]
