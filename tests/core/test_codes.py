from __future__ import annotations

import numpy as np
import pytest

from core.codes import bits_for, find_stored, fit_hash, fit_split, split_codes, true_bits, usable_hashes
from core.errors import BadInput
from core.hashing import packing
from core.hashing.registry import get_hash
from tests.core.fakes import FakeBundle

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
    assert bits_for(tiny_bundle, "semantic", "latent-sigmoid") == [16]
    assert bits_for(tiny_bundle, "semantic", "random-codes") == EVERY
    assert bits_for(tiny_bundle, "semantic", "predicted-class") == [4]
    assert bits_for(tiny_bundle, "semantic", "imported") == []


def test_usable_hashes_controls_last(tiny_bundle):
    usable = usable_hashes(tiny_bundle, "semantic")
    assert set(usable) == {
        "random-hyperplane", "pca-sign", "itq", "latent-sigmoid", "random-codes", "predicted-class",
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


def test_controls(tiny_bundle):
    codes = split_codes(tiny_bundle, "semantic", "predicted-class", 4, "test", 0, None)
    numbers = packing.unpack(codes.packed, 4) @ np.array([8, 4, 2, 1])
    assert np.array_equal(numbers, tiny_bundle.predicted("semantic", "test"))
    first, second = (split_codes(tiny_bundle, "semantic", "random-codes", 40, "test", seed, None) for seed in (0, 1))
    assert first.packed.shape == (60, 5)
    assert not np.array_equal(first.packed, second.packed)
    assert first.projections is None
