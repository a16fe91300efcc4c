from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from core.datasets import cifar100
from core.errors import BadInput


@pytest.fixture
def small(tmp_path):
    """Three files in CIFAR-100's layout with 4 images a split, and their checksums."""
    folder = tmp_path / "root" / cifar100.FOLDER
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    content = {"meta": {"fine_label_names": ["apple", "bear"], "coarse_label_names": ["fruit", "mammal"]}}
    for split in ("train", "test"):
        content[split] = {
            "data": rng.integers(0, 256, (4, 3072), dtype=np.uint8),
            "fine_labels": [0, 1, 1, 0],
            "coarse_labels": [1, 0, 0, 1],
        }
    for name, value in content.items():
        (folder / name).write_bytes(pickle.dumps(value))
    sums = {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in content}
    return folder.parent, sums, content


def test_images_labels_and_names_of_a_small_set(small):
    root, sums, content = small
    split = cifar100.read_split(root, "test", sums)
    assert split.images.shape == (4, 32, 32, 3)
    assert split.images.dtype == np.uint8
    assert split.images.flags.c_contiguous
    planes = content["test"]["data"].reshape(4, 3, 32, 32)
    assert split.images[2, 5, 7].tolist() == planes[2, :, 5, 7].tolist()
    assert split.labels.tolist() == [0, 1, 1, 0]
    assert split.superclasses.tolist() == [1, 0, 0, 1]
    assert split.labels.dtype == np.int64
    assert cifar100.read_names(root, sums) == (["apple", "bear"], ["fruit", "mammal"])
    assert (cifar100.read_split(root, "train", sums).images != split.images).any()


class Trap:
    """Leaves a file behind if it is ever unpickled."""

    path = Path("unset")

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_an_altered_file_is_refused_before_it_is_unpickled(small, tmp_path, monkeypatch):
    root, sums, _ = small
    monkeypatch.setattr(Trap, "path", tmp_path / "sprung")
    (root / cifar100.FOLDER / "test").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadInput, match=f"has MD5 .*, expected {sums['test']}"):
        cifar100.read_split(root, "test", sums)
    assert not (tmp_path / "sprung").exists()


def test_a_file_altered_after_it_was_read_is_refused_too(small):
    root, sums, _ = small
    cifar100.read_split(root, "test", sums)
    path = root / cifar100.FOLDER / "test"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BadInput, match="incomplete or altered"):
        cifar100.read_split(root, "test", sums)


def test_other_files_are_not_the_published_ones(small):
    root, _, _ = small
    with pytest.raises(BadInput, match=f"expected {cifar100.MD5['train']}"):
        cifar100.read_split(root, "train")


def test_a_missing_file_is_named(small, tmp_path):
    root, sums, _ = small
    (root / cifar100.FOLDER / "meta").unlink()
    with pytest.raises(BadInput, match=r"no file .*meta"):
        cifar100.read_names(root, sums)
    with pytest.raises(BadInput, match="extracted folder 'cifar-100-python'"):
        cifar100.read_split(tmp_path, "train", sums)


def test_find_root_takes_the_first_place_that_holds_it(small, tmp_path, monkeypatch):
    root, _, _ = small
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CIFAR_ROOT", raising=False)
    assert cifar100.find_root(None, tmp_path) is None
    assert cifar100.find_root(tmp_path, root) == root
    monkeypatch.setenv("CIFAR_ROOT", str(root))
    assert cifar100.find_root() == root
    assert cifar100.find_root(tmp_path / "gone") == root
    root.rename(tmp_path / "data")
    assert cifar100.find_root() == Path("data")


def test_held_out_is_balanced_seeded_and_disjoint_from_the_rest():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 60))
    chosen = cifar100.held_out(labels)
    assert (np.diff(chosen) > 0).all()  # sorted, none twice
    assert np.bincount(labels[chosen]).tolist() == [50] * 10
    assert (cifar100.held_out(labels) == chosen).all()
    other = cifar100.held_out(labels, seed=1)
    assert other.tolist() != chosen.tolist()
    assert np.bincount(labels[cifar100.held_out(labels, per_class=3)]).tolist() == [3] * 10
    rest = np.setdiff1d(np.arange(600), chosen)
    assert np.bincount(labels[rest]).tolist() == [10] * 10


@pytest.mark.parametrize("split", ["test", "train"])
def test_the_real_data_equals_torchvisions(cifar_root, split):
    datasets = pytest.importorskip("torchvision.datasets")
    ours = cifar100.read_split(cifar_root, split)
    theirs = datasets.CIFAR100(root=str(cifar_root), train=split == "train")
    assert (ours.images == theirs.data).all()
    assert ours.labels.tolist() == theirs.targets
    fine, coarse = cifar100.read_names(cifar_root)
    assert fine == theirs.classes
    assert len(coarse) == 20
    if split == "train":
        chosen = cifar100.held_out(ours.labels)
        assert len(chosen) == 5000
        assert np.bincount(ours.labels[chosen]).tolist() == [50] * 100
