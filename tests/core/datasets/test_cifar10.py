"""CIFAR-10's reader, on a small set in its format: the real one is not at hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.bundle import hierarchy
from core.datasets.cifar10 import CIFAR_10
from core.errors import BadInput
from tests.core.datasets.cifar10_files import NAMES, write_files


@pytest.fixture
def small(tmp_path):
    return tmp_path, write_files(tmp_path)


def test_equals_torchvisions_reading(small, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")
    root, sums = small
    train = [[name, sums[name]] for name in CIFAR_10.parts["train"]]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", train)
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": sums["batches.meta"]})
    for split in ("train", "test"):
        ours, theirs = CIFAR_10.read_split(root, split, sums), datasets.CIFAR10(root=str(root), train=split == "train")
        assert (ours.images == theirs.data).all()
        assert ours.labels.tolist() == theirs.targets
        assert CIFAR_10.read_names(root, sums)[0] == theirs.classes
    assert ours.images.shape == (20, 32, 32, 3)


def test_checksums_are_the_published_ones():
    datasets = pytest.importorskip("torchvision.datasets")
    theirs = dict(map(tuple, (*datasets.CIFAR10.train_list, *datasets.CIFAR10.test_list)))
    assert {**theirs, "batches.meta": datasets.CIFAR10.meta["md5"]} == CIFAR_10.md5
    assert datasets.CIFAR10.base_folder == CIFAR_10.folder


def test_animals_and_vehicles(small):
    root, sums = small
    split = CIFAR_10.read_split(root, "test", sums)
    names, groups = CIFAR_10.read_names(root, sums)
    of = {names[label]: groups[group] for label, group in zip(split.labels, split.superclasses, strict=True)}
    assert of["cat"] == of["frog"] == of["horse"] == of["bird"] == of["deer"] == of["dog"] == "animal"
    assert of["ship"] == of["airplane"] == of["automobile"] == of["truck"] == "vehicle"


def test_an_altered_part_is_refused(small):
    root, sums = small
    (root / CIFAR_10.folder / "data_batch_3").write_bytes(b"x")
    with pytest.raises(BadInput, match="data_batch_3' has MD5"):
        CIFAR_10.read_split(root, "train", sums)
    with pytest.raises(BadInput, match="c99cafc152244af753f735de768cd75f"):
        CIFAR_10.read_split(root, "train")


def test_the_trees():
    tree = hierarchy.read(CIFAR_10.tree("wordnet"), NAMES, "wordnet")
    similarity = {
        (a, b): value
        for a, row in zip(NAMES, tree.similarity(), strict=True)
        for b, value in zip(NAMES, row, strict=True)
    }
    # Heights: carnivore 1, placental 2, vertebrate 3, root 4; craft 1, vehicle 2.
    assert similarity["cat", "dog"] == 0.75
    assert similarity["cat", "horse"] == 0.5
    assert similarity["cat", "frog"] == 0.25
    assert similarity["airplane", "ship"] == 0.75
    assert similarity["airplane", "truck"] == 0.5
    assert similarity["airplane", "bird"] == 0.0
    assert np.isfinite(tree.class_vectors()).all()
    groups = hierarchy.read(CIFAR_10.tree("superclass"), NAMES, "superclass").similarity()
    assert groups[NAMES.index("cat"), NAMES.index("frog")] == 0.5
    assert groups[NAMES.index("cat"), NAMES.index("ship")] == 0.0
