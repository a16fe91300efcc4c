from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from core.building import add_near_duplicates
from core.building.add_near_duplicates import store_near_duplicates
from core.bundle.bundle import load_bundle
from core.datasets.cifar import Split
from core.engine.engine import Engine
from core.errors import BadInput
from core.settings import Setting
from tests.core.datasets.pictures import scenes


@pytest.fixture
def pictures(monkeypatch, tiny_bundle):
    """Pictures of the tiny bundle's splits, by split: test 9 is test 2 again, train 30 is test 4."""
    images = {"test": scenes(60, 1)[:, 4:36, 4:36].copy(), "train": scenes(150, 2)[:, 4:36, 4:36].copy()}
    images["test"][9], images["train"][30] = images["test"][2], images["test"][4][:, ::-1]
    labels = {split: tiny_bundle.labels(split).copy() for split in images}

    def read(root, split):
        return Split(images[split], labels[split], labels[split] // 3)

    monkeypatch.setattr(add_near_duplicates, "get_dataset", lambda name: SimpleNamespace(read_split=read))
    return images, labels


def test_pairs_are_kept_in_the_bundle(make_bundle, pictures):
    bundle, heard = make_bundle(), []
    counts = store_near_duplicates(bundle.path, "data", 1, lambda key, share: heard.append((key, share)))
    assert counts == {"test-test": 1, "test-train": 1}
    assert ("test-test", 1) in heard and heard[-1] == ("test-train", 1)
    found = load_bundle(bundle.path, verify=True)
    assert found.near_duplicates("test", "test").tolist() == [[2, 9]]
    assert found.near_duplicates("test", "train").tolist() == [[4, 30]]
    scores = found.array(found.manifest["near_duplicates"]["scores"]["test-test"])
    assert scores.tolist() == pytest.approx([1])
    changed = dict(found.manifest)
    assert changed.pop("near_duplicates")["made"].startswith("python -m core duplicates")
    assert changed == bundle.manifest  # all else is as it was
    setting = Setting("semantic", "itq", 16, "2", "test-vs-test", "wordnet", near_duplicates="leave-out")
    assert Engine(found).at(setting).task.size == 58
    before = (found.path / "manifest.json").read_bytes()
    store_near_duplicates(bundle.path, "data", 2)
    assert (found.path / "manifest.json").read_bytes() == before


def test_without_any_nothing_can_be_left_out(make_bundle, pictures):
    images, _ = pictures
    images["test"][9], images["train"][30] = scenes(2, 8)[:, 4:36, 4:36]
    path = make_bundle().path
    assert store_near_duplicates(path, "data", 1) == {"test-test": 0, "test-train": 0}
    assert load_bundle(path).near_duplicates("test", "test") is None


def test_pictures_of_other_data_are_refused(make_bundle, pictures):
    _, labels = pictures
    labels["train"][[0, 1]] = labels["train"][[1, 0]] + 1
    bundle = make_bundle()
    with pytest.raises(BadInput, match="its labels of 'train' are not those of bundle 'tiny'"):
        store_near_duplicates(bundle.path, "data")
    assert load_bundle(bundle.path).version == bundle.version


def test_a_bundle_of_other_splits_is_refused(tmp_path):
    from core.datasets.arrays import import_arrays

    vectors = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    import_arrays(tmp_path / "mine", vectors, np.arange(8) % 2)
    with pytest.raises(BadInput, match="has the split 'gallery'"):
        store_near_duplicates(tmp_path / "mine", "data")
