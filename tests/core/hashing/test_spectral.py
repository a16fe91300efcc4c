from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.hashing.packing import unpack
from core.hashing.pca_sign import principal_components
from core.hashing.spectral import Spectral, slowest_waves


def features(count=400, dimensions=10, seed=0):
    generator = np.random.default_rng(seed)
    turn = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))[0]
    return (generator.normal(size=(count, dimensions)) * 1.3 ** -np.arange(dimensions) @ turn + 1).astype(np.float32)


def bits_of(method, X):
    return unpack(method.encode(np.array(X, np.float32)), method.bits).astype(int).tolist()


def test_one_side_by_hand():
    # From 0 to 1 the waves are cos(pi x), cos(2 pi x), cos(3 pi x): positive up to 1/2, outside 1/4 to 3/4, ..
    method = Spectral(3).fit(np.array([[0], [0.25], [0.5], [1]], np.float32))
    asked = [[0.1], [0.2], [0.3], [0.45], [0.6], [0.8], [0.9]]
    assert bits_of(method, asked) == [
        [1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0]
    ]  # fmt: skip
    assert np.allclose(
        method.project(np.array([[1 / 3]], np.float32)), np.cos(np.pi * np.array([1, 2, 3]) / 3), atol=1e-6
    )


def test_waves_by_hand():
    # Lengths 2 and 1 have the frequencies pi/2, pi, 3 pi/2, 2 pi, .. and pi, 2 pi, ..
    side, frequency = slowest_waves(np.array([2.0, 1.0]), 6)
    assert side.tolist() == [0, 0, 1, 0, 0, 1]
    assert np.allclose(frequency / np.pi, [0.5, 1, 1, 1.5, 2, 2])
    assert slowest_waves(np.array([1.0, 100.0]), 5)[0].tolist() == [1] * 5  # a short side gets no bit


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=8), st.integers(1, 40))
def test_waves_are_the_smallest_of_all(lengths, count):
    side, frequency = slowest_waves(np.array(lengths), count)
    every = sorted((m * math.pi / length, j) for j, length in enumerate(lengths) for m in range(1, count + 1))[:count]
    assert np.allclose(frequency, [value for value, _ in every], rtol=1e-12)
    assert np.allclose(
        np.array(lengths)[side] * frequency / np.pi, np.round(np.array(lengths)[side] * frequency / np.pi)
    )


def published(X, Y, bits):
    """The algorithm in plain steps: PCA, a box, the eigenfunctions of least eigenvalue, their signs at Y."""
    mean, axes = principal_components(X, min(bits, X.shape[1]))
    values = (X.astype(np.float64) - mean) @ axes
    low, high = values.min(axis=0), values.max(axis=0)
    extent = high - low
    modes = []
    for j in range(len(extent)):
        for m in range(1, math.ceil((bits + 1) * extent[j] / extent.max()) + 1):
            modes.append((m * math.pi / extent[j], j))
    asked = (Y.astype(np.float64) - mean) @ axes
    return np.stack([np.sin(math.pi / 2 + w * (asked[:, j] - low[j])) for w, j in sorted(modes)[:bits]], axis=1)


@pytest.mark.parametrize("bits", [1, 4, 10, 16, 48])
def test_values_are_those_of_the_plain_algorithm(bits):
    X, Y = features(), features(50, seed=1)
    expected = published(X, Y, bits)
    method = Spectral(bits).fit(X)
    assert np.allclose(method.project(Y), expected, atol=2e-4)  # angles reach tens, as float32
    assert np.array_equal(unpack(method.encode(Y), bits), method.project(Y) > 0)


def test_more_bits_than_dimensions_and_features_that_vary_in_few_directions():
    X = features(300, 4)
    flat = np.hstack([X, X[:, :2], np.full((300, 2), 0.3, np.float32)])
    assert np.unique(Spectral(32).fit(flat).encode(flat), axis=0).shape[0] > 250
    assert Spectral(32).fit(X).project(X).shape == (300, 32)


def test_state_seed_and_refusals():
    X = features()
    method = Spectral(16).fit(X)
    again = Spectral.from_state(method.state())
    assert (again.bits, again.name) == (16, "spectral")
    assert np.array_equal(again.encode(X), method.encode(X))
    assert np.array_equal(Spectral(16, 5).fit(X).encode(X), method.encode(X))
    with pytest.raises(BadInput, match="constant: spectral"):
        Spectral(4).fit(np.ones((9, 3), np.float32))
    with pytest.raises(BadInput, match="features of 3 dimensions: spectral was fitted on 10"):
        method.encode(np.ones((2, 3), np.float32))
    with pytest.raises(BadInput, match="stored spectral has 'phase'"):
        Spectral.from_state({**method.state(), "phase": np.zeros(3, np.float32)})
    with pytest.raises(RuntimeError, match="not fitted"):
        Spectral(4).encode(X)


def test_many_rows_are_taken_in_parts():
    X = features(20_000, 6)
    assert np.allclose(Spectral(8).fit(X).project(X), published(X, X, 8), atol=2e-4)
