"""The whole path on a small set in CIFAR-100's own file format."""

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.building import build
from core.building.add_hashes import SHIPPED_HASHES, make_hashes
from core.building.bundle_entries import existing_bundle
from core.bundle import hierarchy
from core.bundle.bundle import load_bundle
from core.datasets.cifar10 import CIFAR_10
from core.datasets.cifar100 import CIFAR_100, class_tree
from core.encoders.recipes.registry import RECIPES
from core.engine.engine import Engine
from core.errors import BadInput
from core.settings import Setting
from tests.core.datasets.cifar10_files import write_files


@pytest.fixture(scope="module")
def names():
    with (Path(hierarchy.__file__).parents[1] / "datasets/trees/cifar100-superclass.txt").open() as file:
        pairs = [line.split() for line in file if not line.startswith("#")]
    superclasses = sorted({child for parent, child in pairs if parent == "all"})
    upper = {child: parent for parent, child in pairs if parent != "all"}
    return sorted(upper), superclasses, upper


@pytest.fixture
def small_cifar(tmp_path, names, monkeypatch):
    """CIFAR-100's files with 4 training and 1 test image a class; checksums of these files."""
    classes, superclasses, upper = names
    folder = tmp_path / "data" / CIFAR_100.folder
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    contents = {"meta": {"fine_label_names": classes, "coarse_label_names": superclasses}}
    for split, per_class in (("train", 4), ("test", 1)):
        labels = np.tile(np.arange(100), per_class)
        contents[split] = {
            "data": rng.integers(0, 256, (len(labels), 3072), dtype=np.uint8),
            "fine_labels": labels.tolist(),
            "coarse_labels": [superclasses.index(upper[classes[label]]) for label in labels],
        }
    for name, content in contents.items():
        data = pickle.dumps(content)
        (folder / name).write_bytes(data)
        monkeypatch.setitem(CIFAR_100.md5, name, hashlib.md5(data).hexdigest())
    for name in ("semantic", "classifier", "source", "contrastive"):
        small = {"epochs": 1, "batch_size": 50, "widths": (4, 6, 136), "depth": 2, "blocks": (), "distil": 0.0}
        recipe = replace(RECIPES[name], **small)
        monkeypatch.setitem(RECIPES, name, recipe)
    return folder.parent


@pytest.mark.slow
def test_build_makes_a_bundle_that_answers(small_cifar, tmp_path):
    out = tmp_path / "bundle"
    build.build(small_cifar, "semantic", tmp_path / "run", out)
    bundle = load_bundle(out, verify=True)
    assert (bundle.count("test"), bundle.count("train")) == (100, 400)
    assert bundle.embeddings("semantic", "train").shape == (400, 100)
    stored = bundle.stored_hashes("semantic")
    assert ("latent-sigmoid", 48) in stored
    assert [bits for name, bits in stored if name == "itq"] == list(range(8, 97, 8))
    assert [bits for name, bits in stored if name == "random-hyperplane"] == [128]
    for name, bits in (("itq", 32), ("random-hyperplane", 24), ("pca-sign", 96), ("latent-sigmoid", 48)):
        setting = Setting("semantic", name, bits, "2", "test-vs-test", "wordnet")
        results = Engine(bundle).evaluate(setting, [1, 10], ("exact", "hashed", "hamming", "asymmetric"))
        assert 0 <= results["asymmetric"].mean("ap", 10) <= 1
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["encoders"]["semantic"]["accuracy"] == pytest.approx(
        (bundle.predicted("semantic", "test") == bundle.labels("test")).mean()
    )
    assert bundle.hierarchy("wordnet").parents == class_tree("wordnet", bundle.class_names).parents


@pytest.mark.slow
def test_a_second_encoder_joins_the_bundle_and_a_classifier_gives_two(small_cifar, tmp_path):
    out = tmp_path / "bundle"
    build.build(small_cifar, "source", tmp_path / "source", out)
    build.build(small_cifar, "classifier", tmp_path / "classifier", out)
    bundle = load_bundle(out, verify=True)
    assert bundle.encoders == ("source", "classifier", "classifier-softmax")
    assert bundle.defaults["encoder"] == "source"
    assert ("latent-sigmoid", 48) in bundle.stored_hashes("source")
    assert {name for name, _ in bundle.stored_hashes("classifier-softmax")} == set(SHIPPED_HASHES)
    softmax = bundle.embeddings("classifier-softmax", "test")
    np.testing.assert_allclose(softmax.sum(axis=1), 1, atol=0.01)  # as they are, not at unit length
    assert bundle.embeddings("classifier", "test").shape == (100, 128)
    info = bundle.encoder_info("classifier")
    assert bundle.array(info["reduction"]["axes"]).shape == (136, 128)
    assert info["parameters"] == json.loads((tmp_path / "classifier" / "result.json").read_text())["parameters"]
    assert 0 <= info["accuracy_held_out"] <= 1
    before = bundle.array(info["embeddings"]["test"])
    build.embed(small_cifar, "source", tmp_path / "source", out)  # again: its codes are made anew, others stay
    again = load_bundle(out, verify=True)
    assert [name for name, _ in again.stored_hashes("source")] == ["latent-sigmoid"]
    np.testing.assert_array_equal(again.array(again.encoder_info("classifier")["embeddings"]["test"]), before)


def test_weights_of_another_encoder_are_named(small_cifar, tmp_path):
    build.train_encoder(small_cifar, "source", tmp_path / "run")
    with pytest.raises(BadInput, match="'source', not 'semantic'"):
        build.embed(small_cifar, "semantic", tmp_path / "run", tmp_path / "bundle")


def test_a_bundle_of_other_data_is_refused_before_training(small_cifar, make_bundle, tmp_path):
    with pytest.raises(BadInput, match="CIFAR-100"):
        build.build(small_cifar, "source", tmp_path / "run", make_bundle().path)
    assert not (tmp_path / "run").exists()


def test_without_a_network_alexnet_says_how_to_go_on(small_cifar, tmp_path, monkeypatch):
    from core.encoders.networks.source import SourceAlexNet

    def unreachable(network):
        raise OSError("no route to host")

    monkeypatch.setattr(SourceAlexNet, "start_from_imagenet", unreachable)
    with pytest.raises(BadInput, match="or train from random weights"):
        build.train_encoder(small_cifar, "source-alexnet", tmp_path / "run")


def test_embed_without_weights_names_the_mend(small_cifar, tmp_path):
    with pytest.raises(BadInput, match="train a run into that folder first"):
        build.embed(small_cifar, "semantic", tmp_path / "run", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_length_that_a_hash_cannot_have_changes_nothing(make_bundle):
    bundle = make_bundle()
    before = (bundle.path / "manifest.json").read_bytes()
    with pytest.raises(BadInput, match="pca-sign"):
        make_hashes(bundle.path, "semantic", ["pca-sign"], [96])
    assert (bundle.path / "manifest.json").read_bytes() == before


@pytest.mark.slow
def test_cifar_10_from_files_to_figures(tmp_path, monkeypatch):
    sums = write_files(tmp_path / "data", a_part=40)
    for name, digest in sums.items():
        monkeypatch.setitem(CIFAR_10.md5, name, digest)
    recipe = replace(RECIPES["classifier"], epochs=2, batch_size=20, widths=(4, 6, 12), depth=2)
    monkeypatch.setitem(RECIPES, "classifier", recipe)
    build.build(tmp_path / "data", "classifier", tmp_path / "run", tmp_path / "bundle", dataset=CIFAR_10)
    bundle = load_bundle(tmp_path / "bundle", verify=True)
    assert (bundle.dataset, bundle.count("train"), bundle.count("test")) == ("CIFAR-10", 200, 20)
    assert bundle.defaults["protocol"] == "test-vs-train"
    assert "180 training images" in bundle.encoder_info("classifier")["made"]
    setting = Setting("classifier", "itq", 8, "2", "test-vs-train", "wordnet")
    result = Engine(bundle).result("exact", setting, (100,))
    assert 0 < result.mean("ap_trec", 100) <= 1
    with pytest.raises(BadInput, match="expected CIFAR-100"):
        existing_bundle(tmp_path / "bundle")
