from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.search.select_distance import count_levels, select_by_distance
from tests.core.search.worlds import quick


def by_distance(distances, depth, levels, exclude=-1):
    ids, values = np.empty(depth, np.int32), np.empty(depth, np.uint16)
    select_by_distance(np.asarray(distances, np.uint16), exclude, ids, values, np.empty(levels, np.int32))
    return ids, values


def levels_of(distances, levels, exclude=-1):
    counts = np.empty(levels, np.int32)
    count_levels(np.asarray(distances, np.uint16), exclude, counts)
    return counts.tolist()


def check(distances, depth, levels, exclude):
    distances = np.array(distances, np.uint16)
    before = distances.copy()
    kept = [n for n in range(len(distances)) if n != exclude]
    expected = sorted(kept, key=lambda n: (distances[n], n))[:depth]
    ids, values = by_distance(distances, depth, levels, exclude)
    assert ids.tolist() == expected
    assert np.array_equal(values, distances[expected])
    alone = np.empty(depth, np.int32)
    select_by_distance(distances, exclude, alone, values[:0], np.empty(levels, np.int32))
    assert alone.tolist() == expected
    assert np.array_equal(distances, before)


def test_distances_by_hand():
    ids, values = by_distance([2, 0, 3, 2, 0], 3, 5)
    assert (ids.tolist(), values.tolist()) == ([1, 4, 0], [0, 0, 2])
    ids, values = by_distance([2, 0, 3, 2, 0], 3, 5, exclude=1)
    assert (ids.tolist(), values.tolist()) == ([4, 0, 3], [0, 2, 2])


def test_levels_by_hand():
    assert levels_of([2, 0, 3, 2, 0], 5) == [2, 0, 2, 1, 0]
    assert levels_of([2, 0, 3, 2, 0], 5, exclude=1) == [1, 0, 2, 1, 0]


@quick
@given(arrays.arrays(np.uint16, st.integers(2, 120), elements=st.integers(0, 9)), st.data())
def test_distances_are_selected_as_a_stable_sort_would(distances, data):
    exclude = data.draw(st.integers(-1, len(distances) - 1))
    check(distances, data.draw(st.integers(1, len(distances) - (exclude >= 0))), 10, exclude)


@pytest.mark.parametrize("count", [31, 32, 33, 64, 1000])
@pytest.mark.parametrize("levels", [2, 257, 65_535])
def test_every_depth_at_the_edges_of_a_mask(count, levels):
    distances = np.random.default_rng(count).integers(0, levels, count)
    for depth in {1, 2, count // 2, count - 1}:
        for exclude in (-1, 0, count // 2, count - 1):
            check(distances, depth, levels, exclude)
    check(np.full(count, levels - 1), count, levels, -1)
    check(np.zeros(count), count - 1, levels, 3)


@quick
@given(st.integers(2, 700), st.sampled_from([1, 12, 60, 200]), st.sampled_from([0, 150]), st.integers(0, 99), st.data())
def test_few_and_many_distances_over_whole_blocks_and_a_rest(count, spread, least, seed, data):
    distances = np.random.default_rng(seed).binomial(spread, 0.3, count) + least
    exclude = data.draw(st.integers(-1, count - 1))
    check(distances, data.draw(st.integers(1, count - (exclude >= 0))), spread + least + 1, exclude)
