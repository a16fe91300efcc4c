"""The whole path on a small set in CIFAR-100's own file format."""

import hashlib
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from core import build
from core.bundle import load_bundle
from core.datasets import cifar100
from core.encoders import recipes
from core.engine import Engine
from core.errors import BadInput
from core.hierarchy import shipped
from core.settings import Setting


@pytest.fixture(scope="module")
def names():
    with (build.Path(build.hierarchy.__file__).parent / "datasets/trees/cifar100-superclass.txt").open() as file:
        pairs = [line.split() for line in file if not line.startswith("#")]
    superclasses = sorted({child for parent, child in pairs if parent == "all"})
    upper = {child: parent for parent, child in pairs if parent != "all"}
    return sorted(upper), superclasses, upper


@pytest.fixture
def small_cifar(tmp_path, names, monkeypatch):
    """CIFAR-100's files with 4 training and 1 test image a class; checksums of these files."""
    classes, superclasses, upper = names
    folder = tmp_path / "data" / cifar100.FOLDER
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
        monkeypatch.setitem(cifar100.MD5, name, hashlib.md5(data).hexdigest())
    monkeypatch.setattr(cifar100, "HELD_OUT_PER_CLASS", 1)
    monkeypatch.setattr(cifar100.held_out, "__defaults__", (1, 0))
    recipe = replace(recipes.RECIPES["semantic"], epochs=1, batch_size=50, width=4, bits=48)
    monkeypatch.setitem(recipes.RECIPES, "semantic", recipe)
    return folder.parent


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
    assert bundle.hierarchy("wordnet").parents == shipped("wordnet", bundle.class_names).parents


def test_embed_without_weights_names_the_mend(small_cifar, tmp_path):
    with pytest.raises(BadInput, match="train command"):
        build.embed(small_cifar, "semantic", tmp_path / "run", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_length_that_a_hash_cannot_have_changes_nothing(make_bundle):
    bundle = make_bundle()
    before = (bundle.path / "manifest.json").read_bytes()
    with pytest.raises(BadInput, match="pca-sign"):
        build.make_hashes(bundle.path, "semantic", ["pca-sign"], [96])
    assert (bundle.path / "manifest.json").read_bytes() == before
