from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.latent_sigmoid import LatentSigmoid
from core.hashing.packing import truncate, unpack
from core.hashing.registry import HASHES, allowed_bits, get_hash

NAMES = ["random-hyperplane", "pca-sign", "itq", "latent-sigmoid", "random-codes", "predicted-class", "imported"]
EVERY = list(range(8, 129, 8))
FITTED = [info for info in HASHES.values() if info.fit]


def features(count=400, dimensions=32):
    return np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float32)


def test_names_and_their_entries():
    assert list(HASHES) == NAMES
    for name, info in HASHES.items():
        assert info.name == name
        assert get_hash(name) is info
        assert info.label
        assert info.description.endswith(".")
        assert info.source


def test_flags():
    assert [name for name in NAMES if HASHES[name].control] == ["random-codes", "predicted-class"]
    assert {name: HASHES[name].distance_cap for name in NAMES if HASHES[name].distance_cap is not None} == {
        "predicted-class": 1
    }
    assert [info.name for info in FITTED] == ["random-hyperplane", "pca-sign", "itq"]
    assert [name for name in NAMES if HASHES[name].stored_only] == ["latent-sigmoid", "imported"]
    assert not any(HASHES[name].needs_labels for name in NAMES)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(BadInput, match=r"unknown hash 'itqq'.*did you mean 'itq'"):
        get_hash("itqq")
    with pytest.raises(BadInput, match="unknown hash"):
        allowed_bits("lsh", 100, [])


@pytest.mark.parametrize("info", FITTED, ids=lambda info: info.name)
def test_a_fitted_method_is_what_its_entry_says(info):
    X = features()
    long = info.fit(24, 1).fit(X)
    assert (long.name, long.bits, long.seed) == (info.name, 24, 1)
    assert long.project(X).shape == (400, 24)
    assert np.array_equal(long.encode(X), np.packbits(long.project(X) > 0, axis=1))
    short = info.fit(16, 1).fit(X)
    assert np.array_equal(short.encode(X), truncate(long.encode(X), 24, 16)) == info.prefix
    assert info.asymmetric


@pytest.mark.parametrize("info", FITTED, ids=lambda info: info.name)
def test_every_offered_length_can_be_made_and_dimensions_bound_only_those_that_say_so(info):
    X = features()
    for bits in allowed_bits(info.name, 32, []):
        assert info.fit(bits, 0).fit(X).encode(X).shape == (400, bits // 8)
    if info.within_dimensions:
        with pytest.raises(BadInput, match="random-hyperplane"):
            info.fit(40, 0).fit(X)
    else:
        assert info.fit(40, 0).fit(X).bits == 40


@pytest.mark.parametrize(
    ("name", "dimensions", "stored", "expected"),
    [
        ("random-hyperplane", 3, [], EVERY),
        ("random-codes", 3, [], EVERY),
        ("pca-sign", 100, [], list(range(8, 97, 8))),
        ("itq", 100, [48], list(range(8, 97, 8))),
        ("itq", 128, [], EVERY),
        ("itq", 512, [], EVERY),
        ("itq", 7, [], []),
        ("random-hyperplane", 100, [20], sorted([*EVERY, 20])),
        ("latent-sigmoid", 100, [64, 48], [48, 64]),
        ("latent-sigmoid", 100, [], []),
        ("imported", 100, [50], [50]),
    ],
)
def test_allowed_bits(name, dimensions, stored, expected):
    assert allowed_bits(name, dimensions, stored) == expected


def test_allowed_bits_of_the_predicted_class():
    assert allowed_bits("predicted-class", 100, [], classes=100) == [7]
    assert allowed_bits("predicted-class", 100, [48], classes=10) == [4]
    with pytest.raises(BadInput, match="number of classes"):
        allowed_bits("predicted-class", 100, [])


def test_latent_sigmoid_codes_its_layer_and_cannot_be_fitted():
    latent = np.array([[0.5, -0.5, 0.0], [-1, 2, 3]], dtype=np.float64)
    method = LatentSigmoid(3)
    assert method.project(latent).dtype == np.float32
    assert unpack(method.encode(latent), 3).tolist() == [[True, False, False], [False, True, True]]
    with pytest.raises(BadInput, match="cannot be fitted"):
        method.fit(features())
    with pytest.raises(BadInput, match="4 units: expected 3"):
        method.encode(np.ones((2, 4), dtype=np.float32))
    with pytest.raises(BadInput, match="row 0"):
        method.encode(np.full((1, 3), np.nan))


def test_the_registry_is_light_to_import():
    code = (
        "import sys, core.hashing.registry; print([m for m in ('torch', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
