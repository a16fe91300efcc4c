from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter
from core.datasets.arrays import import_arrays
from core.engine.engine import Engine
from core.reports.comparability import Difference, differences
from core.settings import LEAVE_OUT, Setting

OWN = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def changed(path, **parts):
    with BundleWriter(path) as writer:
        writer.commit({**load_bundle(path).manifest, **parts})
    return Engine(load_bundle(path), 1)


def test_the_same_images_are_comparable_whatever_the_encoder_and_the_code(engine, make_bundle):
    again = Engine(make_bundle("again", seed=0), 1)
    assert differences(engine, OWN, again, replace(OWN, hash="itq", bits=8, multiplier="5")) == []


def test_images_of_another_order_are_other_images(engine, make_bundle):
    other = Engine(make_bundle("other", seed=1), 1)
    assert differences(engine, OWN, other, OWN) == [Difference("images", (60, 59), (60, 59))]


def test_pictures_of_other_files_are_other_images(make_bundle):
    engines = []
    for name in ("one", "two"):
        path = make_bundle(name, seed=0).path
        splits = load_bundle(path).manifest["splits"]
        entry = {"file": "classes", "sha256": name}
        splits = {split: {**described, "paths": entry} for split, described in splits.items()}
        bundle = load_bundle(path)
        bundle.manifest["splits"].update(splits)
        engines.append(Engine(bundle, 1))
    assert [each.kind for each in differences(engines[0], OWN, engines[1], OWN)] == ["images"]
    assert differences(engines[0], OWN, engines[0], OWN) == []


def test_other_classes_and_another_protocol(engine, tiny_bundle, tmp_path):
    np.save(tmp_path / "e.npy", tiny_bundle.embeddings("semantic", "test")[:8])
    np.save(tmp_path / "l.npy", tiny_bundle.labels("test")[:8])
    import_arrays(tmp_path / "small", gallery_embeddings=tmp_path / "e.npy", gallery_labels=tmp_path / "l.npy")
    small = Engine(load_bundle(tmp_path / "small"), 1)
    setting = Setting("imported", "random-hyperplane", 8, "2", "leave-one-out", "imported")
    first, second = differences(engine, OWN, small, setting)
    assert first == Difference("protocol", "test-vs-test", "leave-one-out")
    assert (second.kind, second.here) == ("classes", len(tiny_bundle.class_names))


def test_another_tree(engine, make_bundle):
    path = make_bundle("tree").path
    other = changed(path, hierarchies={"wordnet": load_bundle(path).manifest["hierarchies"]["superclass"]})
    assert differences(engine, OWN, other, OWN) == [Difference("hierarchy", "wordnet", "wordnet")]


def test_near_duplicates_of_one_alone(engine, monkeypatch):
    own = engine.at(OWN)
    monkeypatch.setattr(engine, "at", lambda setting: own)
    (found,) = differences(engine, OWN, engine, replace(OWN, near_duplicates=LEAVE_OUT))
    assert (found.kind, found.there) == ("near-duplicates", LEAVE_OUT)
