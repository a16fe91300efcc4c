from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.packing import truncate, unpack
from core.hashing.random_hyperplane import RandomHyperplane


def features(count=200, dimensions=12, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)


def pair_at(angle, dimensions=16):
    """Two unit vectors at `angle`, and their negatives, so that the mean is zero."""
    basis = np.linalg.qr(np.random.default_rng(3).normal(size=(dimensions, 2)))[0]
    a, b = basis[:, 0], np.cos(angle) * basis[:, 0] + np.sin(angle) * basis[:, 1]
    return np.array([a, b, -a, -b], dtype=np.float32)


@pytest.mark.parametrize("degrees", [5, 30, 60, 90, 150])
def test_bits_differ_with_probability_angle_over_pi(degrees):
    X = pair_at(np.deg2rad(degrees))
    bits = 40_000
    code = unpack(RandomHyperplane(bits, seed=1).fit(X).encode(X), bits)
    p = degrees / 180
    # Five standard deviations of a binomial share.
    assert abs((code[0] != code[1]).mean() - p) < 5 * np.sqrt(p * (1 - p) / bits)


def test_bits_are_balanced_and_uncorrelated():
    X = features(4000, 64)
    code = unpack(RandomHyperplane(64).fit(X).encode(X), 64)
    assert np.abs(code.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(4000)
    # An N(0, 1) - 0.5 mistake would make planes alike: cosines of independent planes are about 1 / sqrt(64).
    planes = RandomHyperplane(64).fit(X).projection
    planes = planes / np.linalg.norm(planes, axis=0)
    assert abs((planes.T @ planes)[np.triu_indices(64, 1)].mean()) < 5 / np.sqrt(64 * 64 * 63 / 2)


def test_features_are_centred_on_the_training_mean():
    X = features()
    shifted = X + np.float32(64)  # exactly representable: codes must not move
    a = RandomHyperplane(32).fit(X)
    b = RandomHyperplane(32).fit(shifted)
    assert np.allclose(b.mean, shifted.astype(np.float64).mean(axis=0), rtol=1e-6)
    assert (unpack(a.encode(X), 32) == unpack(b.encode(shifted), 32)).mean() > 0.999
    # New data are centred on the training mean, not on their own.
    assert np.array_equal(a.encode(X[:1]), a.encode(X)[:1])


def test_shorter_code_is_the_start_of_a_longer_one():
    X = features()
    long = RandomHyperplane(128, seed=4).fit(X)
    for bits in (1, 8, 20, 48):
        short = RandomHyperplane(bits, seed=4).fit(X)
        assert np.array_equal(short.projection, long.projection[:, :bits])
        assert np.array_equal(short.encode(X), truncate(long.encode(X), 128, bits))


def test_seed_decides_the_code():
    X = features()
    codes = [RandomHyperplane(48, seed=seed).fit(X).encode(X) for seed in (0, 0, 1)]
    assert np.array_equal(codes[0], codes[1])
    assert 0.4 < (unpack(codes[0], 48) != unpack(codes[2], 48)).mean() < 0.6


def test_value_by_hand_and_bit_rule():
    method = RandomHyperplane.from_state({"mean": np.array([1, 1]), "projection": np.array([[1, 0, -1], [0, 1, 0]])})
    values = method.project(np.array([[3, 1], [0, 2]], dtype=np.float32))
    assert values.dtype == np.float32
    assert values.tolist() == [[2, 0, -2], [-1, 1, 1]]
    # A value of exactly 0 gives the bit 0.
    assert method.encode(np.array([[3, 1], [0, 2]], dtype=np.float32)).tolist() == [[0b10000000], [0b01100000]]


def test_more_bits_than_dimensions_and_one_row_are_fine():
    X = features(1, 3)
    assert RandomHyperplane(24).fit(X).encode(features(5, 3)).shape == (5, 3)


def test_state_round_trip():
    X = features()
    method = RandomHyperplane(48, seed=2).fit(X)
    state = method.state()
    assert {key: (value.shape, value.dtype.name) for key, value in state.items()} == {
        "mean": ((12,), "float32"),
        "projection": ((12, 48), "float32"),
    }
    again = RandomHyperplane.from_state(state)
    assert again.bits == 48
    assert np.array_equal(again.encode(X), method.encode(X))


@pytest.mark.parametrize("count", [1, 7, 8192, 8193, 20_000])
def test_codes_do_not_depend_on_the_number_of_rows_at_once(count):
    X = features(20_000, 5)
    method = RandomHyperplane(16).fit(X[:100])
    assert np.array_equal(method.encode(X[:count]), method.encode(X)[:count])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_float_types_are_taken(kind):
    X = features().astype(kind)
    assert RandomHyperplane(8).fit(X).project(X).dtype == np.float32


def test_refusals():
    X = features(5, 4)
    for wrong in (X[0], X.astype(np.int32), X.tolist(), np.zeros((3, 0), dtype=np.float32)):
        with pytest.raises(BadInput, match=r"expected a float array \(N, d\)"):
            RandomHyperplane(8).fit(wrong)
    with pytest.raises(BadInput, match="0 rows"):
        RandomHyperplane(8).fit(X[:0])
    with pytest.raises(BadInput, match="5 dimensions: random-hyperplane was fitted on 4"):
        RandomHyperplane(8).fit(X).encode(features(2, 5))
    with pytest.raises(RuntimeError, match="not fitted"):
        RandomHyperplane(8).encode(X)
    with pytest.raises(RuntimeError, match="not fitted"):
        RandomHyperplane(8).state()
    with pytest.raises(BadInput, match="0 bits"):
        RandomHyperplane(0)
    with pytest.raises(BadInput, match="seed -1"):
        RandomHyperplane(8, seed=-1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_named(value):
    X = features(9000, 4)
    X[8500, 2] = value
    with pytest.raises(BadInput, match="row 8500"):
        RandomHyperplane(8).fit(X)
    with pytest.raises(BadInput, match="row 8500"):
        RandomHyperplane(8).fit(features(5, 4)).encode(X)


@pytest.mark.parametrize(
    ("mean", "projection", "message"),
    [
        (np.zeros(3), np.zeros((4, 8)), r"\(3,\) and projection \(4, 8\)"),
        (np.zeros((1, 4)), np.zeros((4, 8)), r"\(1, 4\)"),
        (np.zeros(4), np.full((4, 8), np.nan), "NaN"),
    ],
)
def test_broken_states_are_refused(mean, projection, message):
    with pytest.raises(BadInput, match=message):
        RandomHyperplane.from_state({"mean": mean, "projection": projection})
