from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.packing import truncate
from core.hashing.registry import HASHES, allowed_bits, fitted_bits, get_hash

QUICK = ["random-hyperplane", "pca-sign", "pca-rotation", "itq", "spectral"]
NUMBERED = ["kmeans", "pq", "rabitq"]
UNSUPERVISED = ["neural-lsh", "trained-hyperplanes"]
SUPERVISED = [
    "fourier-hashnet", "latent-sigmoid", "latent-cosine", "hashnet", "dch", "greedyhash", "csq", "orthohash",
    "semantic-centres", "expected-match", "nested",
]  # fmt: skip
NAMES = [*QUICK, *NUMBERED, *UNSUPERVISED, *SUPERVISED, "random-codes", "predicted-class", "imported"]
EVERY = list(range(8, 129, 8))
LEARNED = [16, 32, 48, 64, 128]
FITTED = [HASHES[name] for name in QUICK]


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
    assert [name for name in NAMES if HASHES[name].fit] == [*QUICK, *NUMBERED, *UNSUPERVISED, *SUPERVISED]
    assert [name for name in NAMES if HASHES[name].slow_fit] == [*UNSUPERVISED, *SUPERVISED]
    assert [name for name in NAMES if HASHES[name].needs_labels] == SUPERVISED
    by_tree = ["latent-cosine", "semantic-centres"]
    assert [name for name in NAMES if HASHES[name].needs_similarity] == by_tree
    assert [name for name in NAMES if HASHES[name].stored_only] == ["imported"]
    assert [name for name in NAMES if HASHES[name].own_layer] == ["latent-sigmoid"]
    assert [name for name in NAMES if HASHES[name].prefix] == ["random-hyperplane", "pca-sign", "nested"]
    assert {name: HASHES[name].distance for name in NAMES if HASHES[name].distance != "hamming"} == {
        "kmeans": "cells", "pq": "lookup", "rabitq": "estimate"
    }  # fmt: skip
    assert not any(HASHES[name].asymmetric or HASHES[name].prefix for name in NUMBERED)
    for name in [*QUICK, *NUMBERED, *UNSUPERVISED, *SUPERVISED]:
        assert HASHES[name].fit.name == name


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
        ("hashnet", 100, [], []),  # slow to fit: what is stored, or nothing
        ("hashnet", 100, [32, 16], [16, 32]),
        ("nested", 100, [], []),
        ("nested", 100, [128], EVERY),
        ("nested", 100, [24], [8, 16, 24]),
        ("kmeans", 3, [], list(range(4, 13))),
        ("pq", 100, [], LEARNED),
        ("pq", 12, [], [16, 32, 48]),
        ("pq", 3, [], []),
        ("rabitq", 100, [], [168]),
        ("rabitq", 100, [168], [168]),
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


@pytest.mark.parametrize(
    ("name", "dimensions", "expected"),
    [
        ("random-hyperplane", 3, EVERY),
        ("itq", 20, [8, 16]),
        ("hashnet", 3, LEARNED),
        ("nested", 3, EVERY),
        ("imported", 100, []),
        ("predicted-class", 100, []),
    ],
)
def test_lengths_that_can_be_fitted(name, dimensions, expected):
    assert fitted_bits(name, dimensions) == expected


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [("kmeans", 16, [4]), ("kmeans", 4095, list(range(4, 12))), ("kmeans", 15, []), ("pq", 16, LEARNED), ("pq", 15, []),
     ("rabitq", 1, [168]), ("itq", 1, EVERY[:12])],
)  # fmt: skip
def test_few_rows_make_few_centroids(name, rows, expected):
    assert fitted_bits(name, 100, rows) == expected
    assert allowed_bits(name, 100, rows=rows) == expected


@pytest.mark.parametrize("name", NUMBERED)
def test_a_numbered_method_is_what_its_entry_says(name):
    X, info = features(), get_hash(name)
    for bits in fitted_bits(name, 32, len(X))[:3]:
        method = info.fit(bits, 1).fit(X)
        assert (method.name, method.bits, method.seed) == (name, bits, 1)
        assert method.encode(X).shape == (400, -(-bits // 8))
        again = info.fit.from_state(method.state())
        assert (again.bits, again.encode(X).tobytes()) == (bits, method.encode(X).tobytes())


def test_the_registry_is_light_to_import():
    code = (
        "import sys, core.hashing.registry; print([m for m in ('torch', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
