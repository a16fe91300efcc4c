from __future__ import annotations

import numpy as np
import pytest

from core.codes.codes import (
    bits_for,
    find_stored,
    fit_hash,
    fit_split,
    hash_method,
    is_own_layer,
    split_codes,
    stored_method,
    true_bits,
    usable_hashes,
)
from core.errors import BadInput
from core.hashing import packing
from core.hashing.registry import get_hash
from tests.core.fakes import FakeBundle
from tests.core.hashing.class_data import unfitted

EVERY = list(range(8, 129, 8))


@pytest.fixture(scope="module")
def fitted():
    return fit_hash(FakeBundle(), "semantic", "random-hyperplane", 32)


def stored(method, **more):
    """A bundle that holds the fitted hash's codes."""
    plain = FakeBundle()
    codes = {split: method.encode(plain.embeddings("semantic", split)) for split in plain.splits}
    return FakeBundle(stored=[{"hash": method.name, "bits": method.bits, "codes": codes, **more}])


def test_lengths(tiny_bundle):
    assert bits_for(tiny_bundle, "semantic", "random-hyperplane") == EVERY
    assert bits_for(tiny_bundle, "semantic", "pca-sign") == [8, 16]
    assert bits_for(tiny_bundle, "semantic", "itq") == [8, 16]
    assert bits_for(tiny_bundle, "semantic", "spectral") == EVERY
    assert bits_for(tiny_bundle, "semantic", "kmeans") == [4, 5, 6, 7]  # 150 rows have no 256 centroids
    assert bits_for(tiny_bundle, "semantic", "pq") == [16, 32, 48, 64]
    assert bits_for(tiny_bundle, "semantic", "rabitq") == [80]
    assert bits_for(tiny_bundle, "semantic", "latent-sigmoid") == [16]
    assert bits_for(tiny_bundle, "semantic", "random-codes") == EVERY
    assert bits_for(tiny_bundle, "semantic", "predicted-class") == [4]
    assert bits_for(tiny_bundle, "semantic", "imported") == []


def test_usable_hashes_controls_last(tiny_bundle):
    usable = usable_hashes(tiny_bundle, "semantic")
    assert set(usable) == {
        "random-hyperplane", "pca-sign", "pca-rotation", "itq", "spectral", "kmeans", "pq", "rabitq", "latent-sigmoid",
        "random-codes", "predicted-class",
    }  # fmt: skip
    controls = [get_hash(name).control for name in usable]
    assert controls == sorted(controls)


def test_true_bits(tiny_bundle):
    assert true_bits(tiny_bundle, "semantic", "itq", 8) == 8
    assert true_bits(tiny_bundle, "semantic", "latent-sigmoid", 48) == 16  # of fixed length
    assert true_bits(tiny_bundle, "semantic", "predicted-class", 48) == 4
    for name, bits in (("itq", 24), ("random-hyperplane", 12), ("random-codes", 136)):
        with pytest.raises(BadInput, match=f"bits {bits} is not a length of hash '{name}'"):
            true_bits(tiny_bundle, "semantic", name, bits)
    with pytest.raises(
        BadInput, match=r"expected one of 8, 16, or a hash that has 24 bits, such as random-hyperplane$"
    ):
        true_bits(tiny_bundle, "semantic", "itq", 24)
    with pytest.raises(BadInput, match=r"hash 'imported' has no codes .* expected one of"):
        true_bits(tiny_bundle, "semantic", "imported", 16)
    with pytest.raises(BadInput, match="hash 'nope'"):
        true_bits(tiny_bundle, "semantic", "nope", 16)


def test_hashes_are_fitted_on_the_training_images(tiny_bundle):
    assert fit_split(tiny_bundle) == "train"
    mean = fit_hash(tiny_bundle, "semantic", "pca-sign", 8).mean
    assert np.allclose(mean, tiny_bundle.embeddings("semantic", "train").mean(axis=0), atol=1e-6)
    with pytest.raises(BadInput, match="'random-codes' is not fitted"):
        fit_hash(tiny_bundle, "semantic", "random-codes", 8)


def test_stored_codes_are_used_as_they_are(tiny_bundle):
    for split in tiny_bundle.splits:
        codes = split_codes(tiny_bundle, "semantic", "latent-sigmoid", 16, split, 0, None)
        entry = tiny_bundle.stored_hash("semantic", "latent-sigmoid", 16)
        assert np.array_equal(codes.packed, tiny_bundle.array(entry["codes"][split]))
        assert codes.bits == 16
    queries = split_codes(tiny_bundle, "semantic", "latent-sigmoid", 16, "test", 0, None)
    assert queries.projections.dtype == np.float32
    assert np.array_equal(packing.pack(queries.projections > 0), queries.packed)
    assert split_codes(tiny_bundle, "semantic", "latent-sigmoid", 16, "train", 0, None).projections is None


def test_a_longer_stored_code_gives_its_prefixes(fitted):
    bundle = stored(fitted)
    short = split_codes(bundle, "semantic", "random-hyperplane", 24, "test", 0, None)
    packing.check_codes(short.packed, 24)
    made = fit_hash(bundle, "semantic", "random-hyperplane", 24)
    assert np.array_equal(short.packed, made.encode(bundle.embeddings("semantic", "test")))
    assert short.projections is None


def test_projections_from_a_stored_head(fitted):
    bundle = stored(fitted, head={"mean": fitted.mean, "projection": fitted.projection})
    for bits in (32, 16):
        found = split_codes(bundle, "semantic", "random-hyperplane", bits, "test", 0, None)
        expected = fitted.project(bundle.embeddings("semantic", "test"))[:, :bits]
        assert np.allclose(found.projections, expected, atol=1e-6)
        assert found.projections.shape == (40, bits)


def test_a_stored_head_is_taken_before_a_fit(fitted):
    bundle = stored(fitted, head={"mean": fitted.mean, "projection": -fitted.projection})
    for bits in (32, 16):
        method = hash_method(bundle, "semantic", "random-hyperplane", bits)
        assert np.array_equal(method.projection, -fitted.projection[:, :bits])
    made = hash_method(bundle, "semantic", "random-hyperplane", 32, seed=1)
    assert made.seed == 1
    assert np.array_equal(hash_method(bundle, "semantic", "itq", 8).mean, fitted.mean)


def test_which_stored_entry(fitted):
    bundle = stored(fitted)
    plane, itq = get_hash("random-hyperplane"), get_hash("itq")
    assert find_stored(bundle, "semantic", plane, 32, 0)["bits"] == 32
    assert find_stored(bundle, "semantic", plane, 8, 0)["bits"] == 32
    assert find_stored(bundle, "semantic", plane, 40, 0) is None
    assert find_stored(bundle, "semantic", plane, 32, 1) is None  # what ships was made with seed 0
    assert find_stored(bundle, "semantic", itq, 32, 0) is None


def test_a_method_that_has_no_prefixes_is_not_cut():
    bundle = FakeBundle(stored=[{"hash": "itq", "bits": 8, "codes": {}}])
    assert find_stored(bundle, "semantic", get_hash("itq"), 4, 0) is None


def test_fitted_codes(fitted):
    bundle = FakeBundle()
    codes = split_codes(bundle, "semantic", "random-hyperplane", 32, "train", 0, fitted)
    assert np.array_equal(codes.packed, fitted.encode(bundle.embeddings("semantic", "train")))
    assert np.array_equal(codes.projections, fitted.project(bundle.embeddings("semantic", "train")))
    with pytest.raises(BadInput, match="no stored codes"):
        split_codes(bundle, "semantic", "random-hyperplane", 32, "train", 0, None)


def test_a_split_without_predicted_classes_is_named(tiny_bundle, monkeypatch):
    predicted = {"train": tiny_bundle.predicted("semantic", "train")}
    monkeypatch.setattr(type(tiny_bundle), "predicted", lambda _, encoder, split: predicted.get(split))
    assert split_codes(tiny_bundle, "semantic", "predicted-class", 4, "train", 0, None).bits == 4
    with pytest.raises(BadInput, match=r"'semantic' predicts no classes of 'test': predicted-class needs those"):
        split_codes(tiny_bundle, "semantic", "predicted-class", 4, "test", 0, None)


def test_controls(tiny_bundle):
    codes = split_codes(tiny_bundle, "semantic", "predicted-class", 4, "test", 0, None)
    numbers = packing.unpack(codes.packed, 4) @ np.array([8, 4, 2, 1])
    assert np.array_equal(numbers, tiny_bundle.predicted("semantic", "test"))
    first, second = (split_codes(tiny_bundle, "semantic", "random-codes", 40, "test", seed, None) for seed in (0, 1))
    assert first.packed.shape == (60, 5)
    assert not np.array_equal(first.packed, second.packed)
    assert first.projections is None


@pytest.fixture(scope="module")
def learned():
    """A bundle with heads of a symmetric and an asymmetric hash and no codes of them, and the methods."""
    plain = FakeBundle()
    methods = [
        unfitted(name, bits, steps=5).fit(plain.embeddings("semantic", "train"), plain.labels("train"))
        for name, bits in (("csq", 16), ("fourier-hashnet", 16), ("nested", 128))
    ]
    entries = [{"hash": m.name, "bits": m.bits, "codes": {}, "head": m.state()} for m in methods]
    return FakeBundle(stored=entries), methods


def test_codes_follow_from_a_stored_head(learned):
    bundle, methods = learned
    for method in methods:
        gallery = split_codes(bundle, "semantic", method.name, method.bits, "train", 0, None, projected=False)
        np.testing.assert_array_equal(gallery.packed, method.encode(bundle.embeddings("semantic", "train")))
        assert gallery.projections is None
        queries = split_codes(bundle, "semantic", method.name, method.bits, "test", 0, None)
        values = method.project_queries(bundle.embeddings("semantic", "test"))
        np.testing.assert_array_equal(queries.projections, values)
        np.testing.assert_array_equal(queries.packed, packing.pack(values > 0))


def test_queries_of_an_asymmetric_hash_have_codes_of_their_own(learned):
    bundle, _ = learned
    both = [split_codes(bundle, "semantic", "fourier-hashnet", 16, "test", 0, None, side) for side in (True, False)]
    assert (both[0].packed != both[1].packed).any()


def test_a_head_with_prefixes_serves_shorter_codes(learned):
    bundle, (*_, nested) = learned
    assert bits_for(bundle, "semantic", "nested") == EVERY
    short = split_codes(bundle, "semantic", "nested", 24, "test", 0, None)
    whole = nested.encode(bundle.embeddings("semantic", "test"))
    np.testing.assert_array_equal(short.packed, packing.truncate(whole, 128, 24))
    assert short.projections.shape == (40, 24)


def test_a_hash_that_is_slow_to_fit_is_offered_where_it_is_stored(learned, tiny_bundle):
    bundle, _ = learned
    assert bits_for(bundle, "semantic", "csq") == [16]
    assert "csq" in usable_hashes(bundle, "semantic")
    assert bits_for(tiny_bundle, "semantic", "csq") == []
    with pytest.raises(BadInput, match="python -m core hash --hash csq'"):
        true_bits(tiny_bundle, "semantic", "csq", 16)


def test_a_head_of_another_length_is_refused(learned):
    bundle, _ = learned
    entry = {**bundle.stored_hash("semantic", "csq", 16), "bits": 24}
    with pytest.raises(BadInput, match="csq of 24 bits has a head of 16"):
        stored_method(bundle, entry, get_hash("csq"), 24)


def test_an_encoders_own_layer_has_one_draw(tiny_bundle):
    info = get_hash("latent-sigmoid")
    for seed in (0, 1):
        entry = find_stored(tiny_bundle, "semantic", info, 16, seed)
        assert is_own_layer(info, entry)
        assert stored_method(tiny_bundle, entry, info, 16) is None
    head = FakeBundle(stored=[{"hash": "latent-sigmoid", "bits": 16, "codes": {}, "head": {"mean": 1}}])
    assert find_stored(head, "semantic", info, 16, 0) is not None
    assert find_stored(head, "semantic", info, 16, 1) is None


def test_a_fit_gets_what_the_method_asks_for(tiny_bundle, monkeypatch):
    asked = {}
    for name in ("csq", "semantic-centres", "neural-lsh"):
        cls = get_hash(name).fit
        monkeypatch.setattr(cls, "fit", lambda self, X, **more: asked.update({self.name: more}))
        fit_hash(tiny_bundle, "semantic", name, 16)
    assert asked["neural-lsh"] == {}
    assert asked["csq"].keys() == {"y"}
    np.testing.assert_array_equal(asked["csq"]["y"], tiny_bundle.labels("train"))
    wanted = tiny_bundle.hierarchy("wordnet").similarity()
    np.testing.assert_array_equal(asked["semantic-centres"]["similarity"], wanted)


def test_real_values_are_made_when_they_are_asked_for(fitted, monkeypatch):
    made, project = [], type(fitted).project
    monkeypatch.setattr(type(fitted), "project", lambda self, X: made.append(1) or project(self, X))
    bundle = stored(fitted, head=fitted.state())
    made.clear()  # the bundle's own codes
    codes = split_codes(bundle, "semantic", "random-hyperplane", 16, "train", 0, None)
    assert not made and codes.nbytes == codes.packed.nbytes + 4 * codes.bits * len(codes.packed)
    assert codes.projections is codes.projections and codes.projections.shape == (len(codes.packed), 16)
    assert len(made) == 1
