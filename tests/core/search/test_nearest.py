from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.search.nearest import count_levels, limit_of_distances, take_nearest
from core.search.select import enough
from tests.core.search.worlds import quick


def nearest(distances, depth, most, exclude=-1, chunk=None):
    """The running list of a scan in chunks."""
    distances = np.array(distances, np.uint16)
    ids, values, held = np.full(depth, -1, np.int32), np.full(depth, 77, np.uint16), 0
    for start in range(0, len(distances), chunk or len(distances)):
        part = distances[start : start + (chunk or len(distances))]
        held = take_nearest(part, start, exclude, most, held, ids, values)
    assert held == depth
    return ids.tolist(), values.tolist()


def check(distances, depth, most, exclude, chunk=None):
    kept = [n for n in range(len(distances)) if n != exclude]
    expected = sorted(kept, key=lambda n: (distances[n], n))[:depth]
    assert nearest(distances, depth, most, exclude, chunk) == (expected, [int(distances[n]) for n in expected])


def test_nearest_by_hand():
    assert nearest([2, 0, 3, 2, 0], 3, 4) == ([1, 4, 0], [0, 0, 2])
    assert nearest([2, 0, 3, 2, 0], 3, 4, exclude=1) == ([4, 0, 3], [0, 2, 2])


def test_two_chunks_by_hand():
    ids, distances = np.full(3, -1, np.int32), np.zeros(3, np.uint16)
    assert take_nearest(np.array([5, 2], np.uint16), 0, -1, 9, 0, ids, distances) == 2
    assert (ids[:2].tolist(), distances[:2].tolist()) == ([1, 0], [2, 5])
    # Item 2 is nearer than all, item 3 is as near as item 1 and comes after it, item 4 is left out, item 0 goes.
    assert take_nearest(np.array([1, 2, 0], np.uint16), 2, 4, 9, 2, ids, distances) == 3
    assert (ids.tolist(), distances.tolist()) == ([2, 1, 3], [1, 2, 2])
    # One as near as the last of a full list comes too late.
    assert take_nearest(np.array([2, 3], np.uint16), 5, -1, 9, 3, ids, distances) == 3
    assert (ids.tolist(), distances.tolist()) == ([2, 1, 3], [1, 2, 2])


def test_nothing_comes_before_a_full_list_of_equal_codes():
    ids, distances = np.arange(2, dtype=np.int32), np.zeros(2, np.uint16)
    assert take_nearest(np.zeros(4, np.uint16), 2, -1, 9, 2, ids, distances) == 2
    assert ids.tolist() == [0, 1]


def test_a_chunk_of_one_item_that_is_left_out():
    ids, distances = np.full(2, -1, np.int32), np.zeros(2, np.uint16)
    assert take_nearest(np.array([3], np.uint16), 0, 0, 9, 0, ids, distances) == 0
    assert take_nearest(np.array([3], np.uint16), 1, 0, 9, 0, ids, distances) == 1
    assert (ids[0], distances[0]) == (1, 3)


def test_levels_by_hand():
    for exclude, expected in ((-1, [2, 0, 2, 1, 0]), (1, [1, 0, 2, 1, 0])):
        levels = np.full(5, -1, np.int32)
        count_levels(np.array([2, 0, 3, 2, 0], np.uint16), exclude, levels)
        assert levels.tolist() == expected


def test_a_limit_by_hand():
    distances = np.repeat(np.arange(5), 40).astype(np.uint16)
    # 1 is tried first: 80 are up to it, more than the 33 that are enough for one; then 0 is, and -1 would be next.
    assert limit_of_distances(distances, 4, 1) == 0
    assert limit_of_distances(distances, 4, 41) == 1
    assert limit_of_distances(distances, 4, 80) == 1
    assert limit_of_distances(distances, 4, 81) == 2
    assert limit_of_distances(distances, 4, 200) == 4


@quick
@given(st.integers(1, 700), st.sampled_from([1, 12, 200]), st.integers(0, 99), st.data())
def test_a_limit_that_enough_items_are_within_and_few_more(count, spread, seed, data):
    distances = np.random.default_rng(seed).binomial(spread, 0.3, count).astype(np.uint16)
    depth = data.draw(st.integers(1, count))
    limit = limit_of_distances(distances, spread, depth)
    within = (distances <= limit).sum()
    assert depth <= within
    assert within <= enough(depth) or (distances < limit).sum() < depth


@quick
@given(arrays.arrays(np.uint16, st.integers(2, 120), elements=st.integers(0, 9)), st.integers(1, 130), st.data())
def test_distances_are_selected_as_a_stable_sort_would(distances, chunk, data):
    exclude = data.draw(st.integers(-1, len(distances) - 1))
    check(distances, data.draw(st.integers(1, len(distances) - (exclude >= 0))), 9, exclude, chunk)


@pytest.mark.parametrize("count", [63, 64, 65, 128, 1000])
@pytest.mark.parametrize("levels", [2, 257, 65_535])
def test_depths_from_one_to_all_at_the_edges_of_a_word(count, levels):
    distances = np.random.default_rng(count).integers(0, levels, count)
    for depth in {1, 2, count // 2, count - 1}:
        for exclude in (-1, 0, count // 2, count - 1):
            check(distances, depth, levels - 1, exclude)
    check(np.full(count, levels - 1), count, levels - 1, -1)
    check(np.zeros(count), count - 1, levels - 1, 3)


@quick
@given(
    st.integers(2, 700), st.sampled_from([1, 12, 60, 200]), st.sampled_from([0, 150]), st.integers(0, 99),
    st.sampled_from([None, 1, 50, 64]), st.data(),
)  # fmt: skip
def test_few_and_many_distances_in_chunks(count, spread, least, seed, chunk, data):
    distances = np.random.default_rng(seed).binomial(spread, 0.3, count) + least
    exclude = data.draw(st.integers(-1, count - 1))
    check(distances, data.draw(st.integers(1, count - (exclude >= 0))), spread + least, exclude, chunk)
