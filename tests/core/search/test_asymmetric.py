from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.hashing import packing
from core.search.asymmetric import rank_asymmetric, select_greatest
from tests import reference
from tests.core.search.worlds import quick, worlds


def test_by_hand():
    codes = packing.pack(np.array([[1, 1, 1], [0, 0, 0], [1, 0, 1], [1, 1, 0]], bool))
    projections = np.array([[2.0, -1.0, 0.5]], np.float32)
    ids, scores = rank_asymmetric(projections, codes, 4)
    # + + + is 1.5, - - - is -1.5, + - + is 3.5, + + - is 0.5
    assert ids.tolist() == [[2, 0, 3, 1]]
    assert scores.tolist() == [[3.5, 1.5, 0.5, -1.5]]
    assert rank_asymmetric(projections, codes, 2, np.array([2]))[0].tolist() == [[0, 3]]


def test_the_greatest_by_hand():
    ids, values = np.empty(4, np.int32), np.empty(4)
    select_greatest(np.array([0.5, 0.9, 0.5, -1.0, 0.9]), -1, ids, values)
    assert (ids.tolist(), values.tolist()) == ([1, 4, 0, 2], [0.9, 0.9, 0.5, 0.5])
    select_greatest(np.array([0.5, 0.9, 0.5, -1.0, 0.9]), 1, ids, values)
    assert (ids.tolist(), values.tolist()) == ([4, 0, 2, 3], [0.9, 0.5, 0.5, -1.0])


def test_scores_of_nothing_are_equal_and_a_plain_zero():
    ids, values = np.empty(3, np.int32), np.empty(3)
    select_greatest(np.array([0.0, -0.0, 0.0]), -1, ids, values)
    assert (ids.tolist(), [str(value) for value in values]) == ([0, 1, 2], ["0.0"] * 3)


@quick
@given(worlds(), st.integers(0, 2**32 - 1))
def test_equals_the_loops(world, seed):
    # Eighths add up without rounding, so that the order of the terms does not matter and ties are exact.
    rng = np.random.default_rng(seed)
    projections = (rng.integers(-8, 9, (len(world.queries), world.bits)) / 8).astype(np.float32)
    ids, scores = rank_asymmetric(projections, world.gallery_codes, world.size, world.exclude, world.threads)
    bits = packing.unpack(world.gallery_codes, world.bits)
    for q, projection in enumerate(projections):
        assert ids[q].tolist() == reference.asymmetric_ranking(projection, bits, int(world.exclude[q]))
        assert scores[q].tolist() == (np.where(bits, 1.0, -1.0) @ projection.astype(np.float64))[ids[q]].tolist()


@quick
@given(worlds())
def test_real_values_and_thread_counts(world):
    projections = np.random.default_rng(0).normal(size=(len(world.queries), world.bits)).astype(np.float32)
    ids, scores = rank_asymmetric(projections, world.gallery_codes, world.size, world.exclude, 1)
    signs = np.where(packing.unpack(world.gallery_codes, world.bits), 1.0, -1.0)
    for q, projection in enumerate(projections):
        assert np.allclose(scores[q], signs[ids[q]] @ projection.astype(np.float64), atol=1e-9)
    for threads in (2, 3):
        again = rank_asymmetric(projections, world.gallery_codes, world.size, world.exclude, threads)
        assert np.array_equal(ids, again[0])
        assert np.array_equal(scores, again[1])
