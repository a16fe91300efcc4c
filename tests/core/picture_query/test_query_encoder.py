"""A picture through a bundle's encoder: what comes out is what the bundle stores of the same picture."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.datasets.cifar100 import CIFAR_100
from core.errors import BadInput
from core.picture_query.query_encoder import EncodedPicture, open_query_encoder, predictions, time_encoding
from core.pictures.file import read_picture
from tests.core.picture_worlds import picture_of, png, write_pictured


@pytest.fixture(scope="module")
def pictured(tiny_bundle, tmp_path_factory):
    return write_pictured(tiny_bundle, tmp_path_factory.mktemp("pictured") / "pictured")


@pytest.mark.parametrize("name", ["semantic", "classifier", "classifier-softmax"])
@pytest.mark.parametrize("row", [0, 41])
def test_a_picture_of_the_bundle_gets_its_embedding(pictured, name, row):
    encoded = open_query_encoder(pictured, name).encode(read_picture(png(picture_of(row))))
    stored = pictured.embeddings(name, "test")
    np.testing.assert_allclose(encoded.embedding, stored[row], atol=1e-3)
    assert np.abs(stored - encoded.embedding).max(axis=1).argmin() == row
    assert encoded.probabilities.argmax() == pictured.predicted(name, "test")[row]
    assert encoded.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(encoded.seen, picture_of(row))


def test_only_the_networks_own_embedding_has_its_latent_values(pictured):
    semantic = open_query_encoder(pictured, "semantic").encode(picture_of(3))
    code = pictured.array(pictured.stored_hash("semantic", "latent-sigmoid", 8)["codes"]["test"])[3]
    assert np.packbits(semantic.latent > 0).tolist() == code.tolist()
    assert len(open_query_encoder(pictured, "classifier-softmax").encode(picture_of(3)).latent) == 0


def test_a_large_picture_is_its_middle_square_made_small(pictured):
    wide = np.zeros((64, 200, 3), np.uint8)
    wide[:, 68:132] = picture_of(5).repeat(2, axis=0).repeat(2, axis=1)
    encoded = open_query_encoder(pictured, "semantic").encode(wide)
    assert encoded.seen.shape == (32, 32, 3)
    assert np.abs(encoded.seen.astype(int) - picture_of(5)).mean() < 12


def test_without_weights_it_is_one_line_that_names_those_that_can(pictured, tiny_bundle):
    with pytest.raises(BadInput, match=r"'bare' cannot encode.*semantic, classifier") as error:
        open_query_encoder(pictured, "bare")
    assert "\n" not in str(error.value)
    with pytest.raises(BadInput, match="open a bundle that holds weights, or name their file"):
        open_query_encoder(tiny_bundle, "semantic")
    with pytest.raises(BadInput, match="unknown encoder 'semantics'"):
        open_query_encoder(tiny_bundle, "semantics")


def test_damaged_weights_are_refused(tiny_bundle, tmp_path):
    bundle = write_pictured(tiny_bundle, tmp_path / "damaged")
    path = bundle.weights_path("semantic")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadInput, match="semantic"):
        open_query_encoder(load_bundle(bundle.path), "semantic")


def test_superclasses_are_the_sums_of_their_classes(tiny_bundle):
    shares = np.array([0.2, 0.1, 0.1, 0.3, 0.0, 0.0, 0.05, 0.05, 0.1, 0.1], np.float32)
    blank = np.zeros(0, np.float32)
    classes, superclasses = predictions(tiny_bundle, EncodedPicture(blank, blank, shares, blank), 3)
    assert classes["class"].tolist() == ["class3", "class0", "class1"]
    assert classes["superclass"].tolist() == ["group1", "group0", "group0"]
    assert superclasses["superclass"].tolist() == ["group0", "group1", "group3"]
    np.testing.assert_allclose(superclasses["probability"], [0.4, 0.3, 0.2], atol=1e-7)
    with pytest.raises(BadInput, match="4 classes apart, the bundle has 10"):
        predictions(tiny_bundle, EncodedPicture(blank, blank, shares[:4], blank))


def test_the_time_is_that_of_encoding(pictured, monkeypatch):
    encoder, calls = open_query_encoder(pictured, "semantic"), []
    monkeypatch.setattr(type(encoder), "encode_prepared", lambda self, seen: calls.append(seen))
    assert 0 <= time_encoding(encoder, picture_of(0), 3) < 100
    assert len(calls) == 4  # one to warm up


def test_no_network_library_is_imported_before_an_encoder_is_opened():
    code = "import sys, core.picture_query.search, core.picture_query.query_encoder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_real_pictures_get_the_shipped_embeddings(cifar_root):
    bundle, rows = load_bundle(), [0, 1, 42, 9999]
    images = CIFAR_100.read_split(cifar_root, "test").images
    encoder = open_query_encoder(bundle, "semantic")
    for row in rows:
        encoded = encoder.encode(read_picture(png(images[row])))
        np.testing.assert_allclose(encoded.embedding, bundle.embeddings("semantic", "test")[row], atol=1e-3)
        assert encoded.probabilities.argmax() == bundle.predicted("semantic", "test")[row]
