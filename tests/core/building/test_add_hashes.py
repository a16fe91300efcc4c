from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.building import add_hashes
from core.building.add_hashes import make_hashes
from core.bundle.bundle import load_bundle
from core.codes.codes import bits_for, find_stored, split_codes, stored_method
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.head import LearnedHash
from core.hashing.planes import LearnedPlanes
from core.hashing.registry import get_hash
from core.hashing.training_plan import Training
from core.settings import Setting


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Heads that train for few steps."""
    for cls in (LearnedHash, LearnedPlanes):
        for each in (cls, *cls.__subclasses__()):
            short = replace(getattr(each, "training", Training()), epochs=1, least_steps=3, hidden=8)
            monkeypatch.setattr(each, "training", short)


def test_a_learned_hash_is_kept_as_a_head(make_bundle):
    bundle = make_bundle()
    make_hashes(bundle.path, "semantic", ["csq", "semantic-centres", "neural-lsh"], [16, 32])
    bundle = load_bundle(bundle.path, verify=True)
    for name in ("csq", "semantic-centres", "neural-lsh"):
        assert bits_for(bundle, "semantic", name) == [16, 32]
        entry = bundle.stored_hash("semantic", name, 32)
        assert entry["codes"] == {}
        method = stored_method(bundle, entry, get_hash(name), 32)
        codes = split_codes(bundle, "semantic", name, 32, "test", 0, None)
        np.testing.assert_array_equal(codes.packed, method.encode(bundle.embeddings("semantic", "test")))
        setting = Setting("semantic", name, 32, "2", "test-vs-train", "wordnet")
        results = Engine(bundle, 1).evaluate(setting, [1, 10], ("hashed", "hamming", "asymmetric"))
        assert 0 <= results["hamming"].mean("ap", 10) <= 1
    assert "class tree 'wordnet'" in bundle.stored_hash("semantic", "semantic-centres", 16)["made"]
    assert "labels" not in bundle.stored_hash("semantic", "neural-lsh", 16)["made"]


def test_codes_are_kept_where_making_them_would_be_noticed(make_bundle, monkeypatch):
    bundle = make_bundle()
    make_hashes(bundle.path, "semantic", ["itq"], [16])
    assert load_bundle(bundle.path).stored_hash("semantic", "itq", 16)["codes"] == {}
    quick = split_codes(load_bundle(bundle.path), "semantic", "itq", 16, "test", 0, None)
    monkeypatch.setattr(add_hashes, "AT_ONCE", 10)
    make_hashes(bundle.path, "semantic", ["itq"], [16])
    bundle = load_bundle(bundle.path, verify=True)
    assert bundle.stored_hash("semantic", "itq", 16)["codes"].keys() == set(bundle.splits)
    kept = split_codes(bundle, "semantic", "itq", 16, "test", 0, None)
    np.testing.assert_array_equal(kept.packed, quick.packed)


def test_matrices_are_stored_in_float16_without_loss(make_bundle):
    bundle = make_bundle()
    make_hashes(bundle.path, "semantic", ["csq"], [16])
    head = load_bundle(bundle.path).stored_hash("semantic", "csq", 16)["head"]
    assert {key: spec["dtype"] for key, spec in head.items()} == {
        "mean": "float32", "scale": "float32", "hidden": "float16", "hidden_bias": "float32",
        "output": "float16", "output_bias": "float32",
    }  # fmt: skip


def test_nested_is_kept_once_and_serves_every_length(make_bundle):
    bundle = make_bundle()
    make_hashes(bundle.path, "semantic", ["nested"])
    bundle = load_bundle(bundle.path)
    assert [entry for entry in bundle.stored_hashes("semantic") if entry[0] == "nested"] == [("nested", 128)]
    assert bits_for(bundle, "semantic", "nested") == list(range(8, 129, 8))


def test_other_lengths_stay(make_bundle):
    path = make_bundle().path
    make_hashes(path, "semantic", ["itq"], [8])
    make_hashes(path, "semantic", ["itq"], [16])
    make_hashes(path, "semantic", ["csq"], [16])
    stored = load_bundle(path).stored_hashes("semantic")
    assert stored == [("latent-sigmoid", 16), ("itq", 8), ("itq", 16), ("csq", 16)]


def test_an_encoders_own_layer_is_left_alone(make_bundle):
    bundle = make_bundle()
    before = bundle.stored_hash("semantic", "latent-sigmoid", 16)
    make_hashes(bundle.path, "semantic", ["latent-sigmoid"])
    bundle = load_bundle(bundle.path)
    assert bits_for(bundle, "semantic", "latent-sigmoid") == [16, 32, 48, 64, 128]
    assert bundle.stored_hash("semantic", "latent-sigmoid", 16) == before
    assert bundle.stored_hash("semantic", "latent-sigmoid", 32)["head"]
    with pytest.raises(BadInput, match="expected some of 32, 48, 64, 128;"):
        make_hashes(bundle.path, "semantic", ["latent-sigmoid"], [16])


def test_another_seed_is_another_fit(make_bundle):
    bundle = make_bundle()
    make_hashes(bundle.path, "semantic", ["csq"], [16])
    bundle = load_bundle(bundle.path)
    assert find_stored(bundle, "semantic", get_hash("csq"), 16, 1) is None
    settings = [Setting("semantic", "csq", 16, "2", "test-vs-test", "wordnet", seed=seed) for seed in (0, 1)]
    codes = [Engine(bundle, 1).at(setting).codes.gallery.packed for setting in settings]
    assert (codes[0] != codes[1]).any()


def test_a_length_that_is_not_learned_changes_nothing(make_bundle):
    bundle = make_bundle()
    before = (bundle.path / "manifest.json").read_bytes()
    with pytest.raises(BadInput, match=r"hashnet.*some of 16, 32, 48, 64, 128;"):
        make_hashes(bundle.path, "semantic", ["itq", "hashnet"], [8])
    assert (bundle.path / "manifest.json").read_bytes() == before


def test_heads_of_several_seeds_stand_beside_each_other(make_bundle):
    bundle = make_bundle()
    for seed in (0, 1):
        make_hashes(bundle.path, "semantic", ["csq", "itq"], [16], seed)
    bundle = load_bundle(bundle.path, verify=True)
    assert sorted(bundle.stored_hashes("semantic", 1)) == [("csq", 16), ("itq", 16)]
    assert bits_for(bundle, "semantic", "csq") == [16]
    first, second = (bundle.stored_hash("semantic", "csq", 16, seed) for seed in (0, 1))
    assert first["fit_seconds"] > 0
    assert second["codes"] == {}
    assert bundle.stored_hash("semantic", "itq", 16, 1)["codes"] == {}
    assert "seed 1" in second["made"]
    for seed, entry in ((0, first), (1, second)):
        assert find_stored(bundle, "semantic", get_hash("csq"), 16, seed) == entry
        method = stored_method(bundle, entry, get_hash("csq"), 16)
        setting = Setting("semantic", "csq", 16, "2", "test-vs-train", "wordnet", seed=seed)
        expected = method.encode(bundle.embeddings("semantic", "train"))
        np.testing.assert_array_equal(Engine(bundle, 1).at(setting).codes.gallery.packed, expected)
    assert find_stored(bundle, "semantic", get_hash("csq"), 16, 2) is None
    make_hashes(bundle.path, "semantic", ["csq"], [16], 1)  # in place of its own seed's alone
    assert sorted(load_bundle(bundle.path).stored_hashes("semantic", 0)) == sorted(bundle.stored_hashes("semantic"))
