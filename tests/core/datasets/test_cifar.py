from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from core.datasets.cifar100 import CIFAR_100
from core.datasets.held_out import held_out
from core.errors import BadInput


@pytest.fixture
def small(tmp_path):
    """Three files in CIFAR-100's layout with 4 images a split, and their checksums."""
    folder = tmp_path / "root" / CIFAR_100.folder
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
    split = CIFAR_100.read_split(root, "test", sums)
    assert split.images.shape == (4, 32, 32, 3)
    assert split.images.dtype == np.uint8
    assert split.images.flags.c_contiguous
    planes = content["test"]["data"].reshape(4, 3, 32, 32)
    assert split.images[2, 5, 7].tolist() == planes[2, :, 5, 7].tolist()
    assert split.labels.tolist() == [0, 1, 1, 0]
    assert split.superclasses.tolist() == [1, 0, 0, 1]
    assert split.labels.dtype == np.int64
    assert CIFAR_100.read_names(root, sums) == (["apple", "bear"], ["fruit", "mammal"])
    assert (CIFAR_100.read_split(root, "train", sums).images != split.images).any()


class Trap:
    """Leaves a file behind if it is ever unpickled."""

    path = Path("unset")

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_an_altered_file_is_refused_before_it_is_unpickled(small, tmp_path, monkeypatch):
    root, sums, _ = small
    monkeypatch.setattr(Trap, "path", tmp_path / "sprung")
    (root / CIFAR_100.folder / "test").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadInput, match=f"has MD5 .*, expected {sums['test']}"):
        CIFAR_100.read_split(root, "test", sums)
    assert not (tmp_path / "sprung").exists()


def test_a_file_altered_after_it_was_read_is_refused_too(small):
    root, sums, _ = small
    CIFAR_100.read_split(root, "test", sums)
    path = root / CIFAR_100.folder / "test"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BadInput, match="incomplete or altered"):
        CIFAR_100.read_split(root, "test", sums)


def test_other_files_are_not_the_published_ones(small):
    root, _, _ = small
    with pytest.raises(BadInput, match=f"expected {CIFAR_100.md5['train']}"):
        CIFAR_100.read_split(root, "train")


def test_a_missing_file_is_named(small, tmp_path):
    root, sums, _ = small
    (root / CIFAR_100.folder / "meta").unlink()
    with pytest.raises(BadInput, match=r"no file .*meta"):
        CIFAR_100.read_names(root, sums)
    with pytest.raises(BadInput, match="extracted folder 'cifar-100-python'"):
        CIFAR_100.read_split(tmp_path, "train", sums)


def test_find_root_takes_the_first_place_that_holds_it(small, tmp_path, monkeypatch):
    root, _, _ = small
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CIFAR_ROOT", raising=False)
    assert CIFAR_100.find_root(None, tmp_path) is None
    assert CIFAR_100.find_root(tmp_path, root) == root
    monkeypatch.setenv("CIFAR_ROOT", str(root))
    assert CIFAR_100.find_root() == root
    assert CIFAR_100.find_root(tmp_path / "gone") == root
    root.rename(tmp_path / "data")
    assert CIFAR_100.find_root() == Path("data")


@pytest.mark.slow
@pytest.mark.parametrize("split", ["test", "train"])
def test_the_real_data_equals_torchvisions(cifar_root, split):
    datasets = pytest.importorskip("torchvision.datasets")
    ours = CIFAR_100.read_split(cifar_root, split)
    theirs = datasets.CIFAR100(root=str(cifar_root), train=split == "train")
    assert (ours.images == theirs.data).all()
    assert ours.labels.tolist() == theirs.targets
    fine, coarse = CIFAR_100.read_names(cifar_root)
    assert fine == theirs.classes
    assert len(coarse) == 20
    if split == "train":
        chosen = held_out(ours.labels)
        assert len(chosen) == 5000
        assert np.bincount(ours.labels[chosen]).tolist() == [50] * 100
