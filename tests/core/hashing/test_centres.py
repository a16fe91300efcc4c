from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.hashing.centres import alike_centres, least_distance, spread_centres, wanted_cosine
from tests.core.hashing.class_data import SIMILARITY


@pytest.mark.parametrize(("bits", "least"), [(7, 1), (16, 5), (32, 12), (48, 18), (64, 32), (128, 60)])
def test_a_hundred_classes_stand_far_apart(bits, least):
    centres = spread_centres(100, bits, np.random.default_rng(0))
    assert (centres.shape, centres.dtype) == ((100, bits), np.int8)
    assert set(np.unique(centres)) == {-1, 1}
    assert least_distance(centres) >= least


def test_a_power_of_two_gives_rows_of_a_hadamard_matrix_and_their_negatives():
    centres = spread_centres(16, 8, np.random.default_rng(0)).astype(int)
    inner = centres @ centres.T
    assert set(np.unique(inner)) == {-8, 0, 8}
    assert (np.sort(inner, axis=1) == [-8, *[0] * 14, 8]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 130), st.integers(0, 30), st.integers(0, 3))
def test_every_class_has_a_code_of_its_own(classes, more, seed):
    bits = (classes - 1).bit_length() + more
    centres = spread_centres(classes, bits, np.random.default_rng(seed))
    assert len(np.unique(centres, axis=0)) == classes


def test_too_few_bits():
    with pytest.raises(BadInput, match=r"100 classes have no 6-bit codes.*7 bits or more.*greedyhash"):
        spread_centres(100, 6, np.random.default_rng(0))


def test_least_distance_by_hand():
    assert least_distance(np.array([[1, 1, 1], [1, -1, -1], [-1, -1, -1]], np.int8)) == 1


def test_wanted_cosine_has_a_mean_of_zero_with_others():
    wanted = wanted_cosine(SIMILARITY)
    others = wanted[~np.eye(20, dtype=bool)]
    assert others.mean() == pytest.approx(0)
    assert (np.diag(wanted) == 1).all()
    # 4 of 19 others are at 0.5: the mean is 2/19, so these become (1/2 - 2/19) / (17/19) = 15/34.
    assert others.max() == pytest.approx(15 / 34)


@pytest.mark.parametrize("bits", [16, 48])
def test_alike_classes_are_near_and_none_too_near(bits):
    centres = alike_centres(SIMILARITY, bits, 3, np.random.default_rng(0)).astype(int)
    assert set(np.unique(centres)) == {-1, 1}
    assert least_distance(centres) >= 3
    distances = (bits - centres @ centres.T) / 2
    alike, apart = distances[SIMILARITY == 0.5], distances[SIMILARITY == 0]
    assert alike.mean() < apart.mean() - 0.15 * bits
    if bits == 48:
        assert np.percentile(alike, 90) < np.percentile(apart, 10)


def test_a_least_distance_comes_before_the_similarities():
    equal = np.ones((4, 4))  # all classes alike: without the bound all centres would be one
    for least in (2, 4):
        centres = alike_centres(equal, 16, least, np.random.default_rng(0))
        assert least_distance(centres) >= least


def test_without_a_tree_all_centres_are_about_half_the_bits_apart():
    centres = alike_centres(np.eye(10), 40, 1, np.random.default_rng(0)).astype(int)
    inner = (centres @ centres.T)[np.triu_indices(10, 1)] / 40
    assert np.abs(inner).max() <= 0.2
