from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.info import Images
from core.hashing.packing import check_codes, unpack
from core.hashing.predicted_class import class_bits, class_codes
from core.hashing.random_codes import random_codes
from core.hashing.registry import CONTROLS, HASHES


def test_random_codes_are_fair_and_independent_bits():
    bits = unpack(random_codes(20_000, 50, 0, "test"), 50)
    assert bits.shape == (20_000, 50)
    bound = 5 * 0.5 / np.sqrt(20_000)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < bound
    signs = bits * 2.0 - 1
    between = (signs.T @ signs / len(signs))[np.triu_indices(50, 1)]
    assert np.abs(between).max() < 2 * bound


def test_random_codes_repeat_for_the_same_seed_and_split_only():
    first = random_codes(500, 48, 7, "test")
    assert np.array_equal(first, random_codes(500, 48, 7, "test"))
    for other in (random_codes(500, 48, 8, "test"), random_codes(500, 48, 7, "train")):
        assert 0.45 < (unpack(first, 48) != unpack(other, 48)).mean() < 0.55


def test_random_codes_are_the_same_on_every_machine_and_run():
    # From the generator PCG64 seeded with [0, crc32("test")]; a change would change published figures.
    assert random_codes(2, 12, 0, "test").tolist() == [[91, 0], [90, 48]]


@pytest.mark.parametrize("bits", [1, 7, 8, 12, 128])
def test_random_codes_have_a_zero_tail(bits):
    check_codes(random_codes(300, bits, 0, "test"), bits)
    assert unpack(random_codes(300, bits, 0, "test"), bits)[:, -1].any()


def test_random_codes_of_no_images_and_refusals():
    assert random_codes(0, 16, 0, "test").shape == (0, 2)
    for count, bits, seed in ((-1, 8, 0), (3, 0, 0), (3, 8, -1)):
        with pytest.raises(BadInput, match="expected"):
            random_codes(count, bits, seed, "test")


@pytest.mark.parametrize(
    ("classes", "bits"),
    [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (10, 4), (64, 6), (65, 7), (100, 7), (128, 7), (129, 8)],
)
def test_class_bits(classes, bits):
    assert class_bits(classes) == bits


def test_class_bits_refuses_no_classes():
    with pytest.raises(BadInput, match="0 classes"):
        class_bits(0)


def test_class_codes_by_hand():
    # 5 = 0000101, 99 = 1100011: seven bits from the left, then one of tail.
    assert class_codes(np.array([5, 99, 0]), 100).tolist() == [[0b00001010], [0b11000110], [0]]
    # 300 = 100101100 in nine bits.
    assert class_codes(np.array([300]), 301).tolist() == [[0b10010110, 0]]


@pytest.mark.parametrize("classes", [1, 2, 10, 100, 256, 1000])
@pytest.mark.parametrize("kind", [np.int64, np.uint16])
def test_class_codes_tell_all_classes_apart(classes, kind):
    codes = class_codes(np.arange(classes, dtype=kind), classes)
    check_codes(codes, class_bits(classes))
    assert len(np.unique(codes, axis=0)) == classes


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        (np.array([0, 100]), r"class 100 \(row 1\): expected 0 to 99"),
        (np.array([3, 2, -1]), r"class -1 \(row 2\)"),
        (np.array([1.0]), "float64"),
        (np.array([[1]]), r"\(1, 1\)"),
    ],
)
def test_class_codes_refuse(predicted, message):
    with pytest.raises(BadInput, match=message):
        class_codes(predicted, 100)


def test_controls_say_of_themselves_what_they_are():
    assert CONTROLS == ("random-codes", "predicted-class")
    drawn, predicted = HASHES["random-codes"], HASHES["predicted-class"]
    images = Images("test", 3, 100, np.array([5, 99, 0]))
    assert np.array_equal(drawn.make_codes(images, 12, 4), random_codes(3, 12, 4, "test"))
    assert np.array_equal(predicted.make_codes(images, 7, 4), class_codes(images.predicted, 100))
    assert (drawn.drawn, drawn.of_prediction, drawn.class_bits) == (True, False, None)
    assert (predicted.drawn, predicted.of_prediction, predicted.class_bits(100)) == (False, True, 7)
    with pytest.raises(BadInput, match="no class is predicted for the images of 'test'"):
        predicted.make_codes(Images("test", 3, 100), 7, 0)
