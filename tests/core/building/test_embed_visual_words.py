"""A bag of visual words from the files of a data set to a bundle that answers."""

import json

import numpy as np
import pytest

from core.building import build, embed_visual_words
from core.building.add_fusion import store_fusion
from core.building.add_hashes import make_hashes
from core.building.encode_time import time_words
from core.bundle.bundle import load_bundle
from core.bundle.fusion import fuse_vectors
from core.cli import main
from core.datasets.cifar10 import CIFAR_10
from core.datasets.cifar100 import CIFAR_100
from core.datasets.held_out import held_out
from core.encoders.picture_encoder import open_encoder
from core.engine.engine import Engine
from core.errors import BadInput
from core.picture_query.query_encoder import open_query_encoder, time_encoding
from core.picture_query.search import search_picture
from core.settings import Setting
from tests.core.datasets.cifar10_files import write_files

CHANGES = ["words=140", "fitted_on=4000", "rounds=2"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folders of a small CIFAR-10, of the run and of the bundle, which holds bags of two descriptors."""
    folder = tmp_path_factory.mktemp("words")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embed_visual_words, "time_words", lambda bag, images: time_words(bag, images, 2))
        for name, digest in write_files(folder / "data", a_part=40).items():
            patch.setitem(CIFAR_10.md5, name, digest)
        for name, changes in (("bovw-sift", CHANGES), ("bovw-hog", [*CHANGES, "words=20"])):
            build.train_encoder(folder / "data", name, folder / name, 1, changes, dataset=CIFAR_10)
            build.embed(folder / "data", name, folder / name, folder / "bundle", CIFAR_10)
        images = CIFAR_10.read_split(folder / "data", "test").images
    return folder, images


@pytest.fixture
def bundle(made):
    return load_bundle(made[0] / "bundle", verify=True)


def test_the_bundle_says_what_it_is(made, bundle):
    info = bundle.encoder_info("bovw-sift")
    assert info["made"] == (
        "python -m core train --encoder bovw-sift: 140 visual words of dense SIFT, tf-idf, fitted on 180 training "
        "images; 141 dimensions reduced by PCA"
    )
    assert bundle.array(info["reduction"]["axes"]).shape == (141, 128)
    assert info["recipe"]["words"] == 140
    assert info["parameters"] == 140 * 128 + 141
    assert info["without_descriptor"] == {"test": 0, "train": 0}
    assert bundle.predicted("bovw-sift", "test") is None
    assert info["accuracy"] is None
    assert bundle.embeddings("bovw-hog", "train").shape == (200, 21)
    result = json.loads((made[0] / "bovw-hog" / "result.json").read_text())
    assert result["held_out_ap@100"] == result["held_out_ap@100_whole"] > 0
    assert (result["words"], result["seed"]) == (20, 1)


def test_no_held_out_picture_is_fitted_on(made, bundle, monkeypatch, tmp_path):
    """With the held-out pictures blanked vocabulary and idf stay; with others blanked they do not."""
    for name, digest in write_files(tmp_path / "data", a_part=40).items():
        monkeypatch.setitem(CIFAR_10.md5, name, digest)
    split = CIFAR_10.read_split(tmp_path / "data", "train")
    chosen = held_out(split.labels)
    weights = []
    for blank in (chosen, np.setdiff1d(np.arange(200), chosen)[:100]):
        images = split.images.copy()
        images[blank] = 0
        reading = type(split)(images, split.labels, split.superclasses)
        monkeypatch.setattr(type(CIFAR_10), "read_split", lambda *_, reading=reading: reading)
        build.train_encoder(tmp_path / "data", "bovw-hog", tmp_path, 1, [*CHANGES, "words=20"], dataset=CIFAR_10)
        weights.append((tmp_path / "weights.safetensors").read_bytes())
    assert weights[0] == (made[0] / "bovw-hog" / "weights.safetensors").read_bytes()
    assert weights[1] != weights[0]


def test_hashes_are_fitted_on_it_like_on_any_encoder(made):
    make_hashes(made[0] / "bundle", "bovw-sift", ["orthohash"], [16])
    bundle = load_bundle(made[0] / "bundle")
    for name, bits in (("itq", 16), ("pca-sign", 8), ("spectral", 8), ("random-hyperplane", 48), ("orthohash", 16)):
        setting = Setting("bovw-sift", name, bits, "2", "test-vs-train", "wordnet")
        result = Engine(bundle).evaluate(setting, [10], ("exact", "hashed"))
        assert 0 < result["hashed"].mean("ap", 10) <= 1
    with pytest.raises(BadInput, match="predicted-class"):
        Engine(bundle).at(Setting("bovw-sift", "predicted-class", 4, "2", "test-vs-train", "wordnet")).open()


@pytest.mark.parametrize("name", ["bovw-sift", "bovw-hog"])
def test_a_picture_of_the_bundle_gets_its_embedding(made, bundle, name):
    encoder = open_query_encoder(bundle, name)
    encoded = encoder.encode(made[1][7])
    np.testing.assert_allclose(encoded.embedding, bundle.embeddings(name, "test")[7], atol=2e-3)
    assert len(encoded.probabilities) == len(encoded.latent) == 0
    assert not encoder.own_classes
    engine = Engine(bundle)
    for hash_name in ("random-hyperplane", "itq"):
        setting = Setting(name, hash_name, 8, "2", "test-vs-train", "wordnet")
        found = search_picture(engine, setting, encoded, 5)
        assert found.no_code is None
        assert len(found.retrieved.answers["hashed"].ids) == 5
    assert time_encoding(encoder, encoded.seen, 1) > 0
    in_folder = open_encoder(name, None, bundle)
    row = in_folder.encode_pictures([made[1][7]])[0]
    np.testing.assert_allclose(row / np.linalg.norm(row), encoded.embedding, atol=1e-5)


def test_a_picture_of_one_colour_is_answered(made, bundle):
    flat = open_query_encoder(bundle, "bovw-sift").encode(np.full((40, 50, 3), 128, np.uint8))
    assert np.linalg.norm(flat.embedding) == pytest.approx(1, abs=1e-5)


def test_fusion_is_the_weighted_sum_of_cosines_and_holds_no_label(made, bundle, tmp_path, capsys):
    folder = made[0] / "bundle"
    assert main(["fuse", "--bundle", str(folder), "--encoders", "bovw-sift,bovw-hog"]) == 0
    said = capsys.readouterr().out
    assert "bovw-hog alone" in said
    bundle = load_bundle(folder, verify=True)
    kept = bundle.encoder_info("bovw-sift+bovw-hog")
    weight = kept["fusion"]["weight"]
    assert 0 < weight < 1
    assert kept["fusion"]["held_out_ap"][f"{weight:g}"] == max(
        value for tried, value in kept["fusion"]["held_out_ap"].items() if tried not in ("0", "1")
    )
    first, second, fused = (bundle.embeddings(n, "test") for n in ("bovw-sift", "bovw-hog", "bovw-sift+bovw-hog"))
    np.testing.assert_allclose(fused @ fused.T, weight * first @ first.T + (1 - weight) * second @ second.T, atol=2e-3)
    encoder = open_query_encoder(bundle, "bovw-sift+bovw-hog")
    encoded = encoder.encode(made[1][3])
    np.testing.assert_allclose(encoded.embedding, fused[3], atol=2e-3)
    assert np.array_equal(encoded.seen, made[1][3])
    assert len(encoded.probabilities) == len(encoded.latent) == 0
    assert not encoder.own_classes
    assert encoder.encoder.mirrored
    assert time_encoding(encoder, made[1][3], 1) > 0
    with pytest.raises(BadInput, match=r"name no file of them$"):
        open_query_encoder(bundle, "bovw-sift+bovw-hog", "any.safetensors")
    with pytest.raises(BadInput, match="is a fusion, which describes no folder: take bovw-sift or bovw-hog"):
        open_encoder("bovw-sift+bovw-hog", None, bundle)
    with pytest.raises(BadInput, match="a fusion itself"):
        store_fusion(folder, "bovw-sift+bovw-hog", "bovw-hog")
    assert main(["fuse", "--bundle", str(folder), "--encoders", "bovw-sift"]) == 2
    assert "two different names" in capsys.readouterr().err


def test_a_fusion_of_what_has_changed_answers_no_picture(bundle):
    bundle.manifest["encoders"]["a+b"] = {
        "fusion": {"encoders": ["bovw-sift", "bovw-hog"], "weight": 0.5, "made_of": ["another", "other"]}
    }
    with pytest.raises(BadInput, match="fuse again"):
        open_query_encoder(bundle, "a+b")


def test_fused_vectors_have_unit_length():
    rng = np.random.default_rng(0)
    first, second = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.normal(size=(2, 9, 4)))
    for weight in (0, 0.3, 1):
        np.testing.assert_allclose(np.linalg.norm(fuse_vectors(first, second, weight), axis=1), 1, atol=1e-6)


def test_real_pictures_get_the_shipped_embeddings(cifar_root):
    bundle, rows = load_bundle(), [0, 42, 9999]
    images = CIFAR_100.read_split(cifar_root, "test").images
    encoder = open_query_encoder(bundle, "bovw")
    for row in rows:
        np.testing.assert_allclose(
            encoder.encode(images[row]).embedding, bundle.embeddings("bovw", "test")[row], atol=1e-3
        )
