"""`train`, `embed`, `hash` and `build` hand their options on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.building import add_embedding_map, add_hashes, build, embed
from core.bundle.bundle import load_bundle
from core.datasets.cifar import Cifar
from core.datasets.cifar100 import CIFAR_100


@pytest.fixture
def called(monkeypatch, tmp_path):
    """What the commands call; a folder `data` that looks like CIFAR-100's."""
    calls = []

    def record(name):
        def called(*values):
            calls.append((name, *values))
            return {"held_out_accuracy": 0.5} if name == "train_encoder" else ["semantic"]

        return called

    for module, name in (
        (build, "train_encoder"),
        (build, "build"),
        (embed, "embed"),
        (add_embedding_map, "add_map"),
        (add_hashes, "make_hashes"),
    ):
        monkeypatch.setattr(module, name, record(name))
    (tmp_path / "data" / CIFAR_100.folder).mkdir(parents=True)
    (tmp_path / "data" / CIFAR_100.folder / "test").write_bytes(b"")
    monkeypatch.delenv("CIFAR_ROOT", raising=False)
    return calls


def test_train_passes_its_options(run, called):
    options = ("--encoder", "source-alexnet", "--seed", 3, "--set", "cutout=4", "--epochs", 2, "--scratch")
    options += ("--teacher", "taught", "--every", 5)
    ran = run("train", "--root", "data", "--run", "runs", *options, bundle=False)
    assert ran.code == 0, ran.err
    changes = ["cutout=4", "epochs=2"]
    run_folder, taught = Path("runs"), Path("taught")
    assert called == [
        ("train_encoder", Path("data"), "source-alexnet", run_folder, 3, changes, False, CIFAR_100, taught, 5)
    ]
    assert "held_out_accuracy      0.5000" in ran.out


def test_embed_and_build_pass_their_options(run, called, tiny_bundle):
    common = ("--root", "data", "--run", "runs", "--out", tiny_bundle.path)
    assert run("embed", *common, bundle=False).code == 0
    ran = run("build", *common, "--seed", 1, bundle=False)
    assert ran.code == 0
    assert tiny_bundle.version in ran.out
    assert called == [
        ("embed", Path("data"), "semantic", Path("runs"), tiny_bundle.path, CIFAR_100),
        ("add_map", tiny_bundle.path, "semantic"),
        ("build", Path("data"), "semantic", Path("runs"), tiny_bundle.path, 1, [], True, CIFAR_100, None, 1),
    ]


def test_the_folder_is_found_without_root(run, called):
    assert run("train", "--run", "runs", bundle=False).code == 0
    assert called[0][1] == Path("data")


def test_download_only_where_there_is_none(run, called, monkeypatch, tmp_path):
    fetched = []
    monkeypatch.setattr(Cifar, "download", lambda dataset, root: fetched.append(root) or root)
    assert run("train", "--root", "data", "--run", "runs", "--download", bundle=False).code == 0
    assert fetched == []
    assert run("train", "--root", "other", "--run", "runs", "--download", bundle=False).code == 0
    assert fetched == [Path("other")]


def test_missing_pictures_are_one_line(refused, called):
    line = refused("build", "--root", "other", "--run", "runs", "--out", "mine", bundle=False)
    assert "'other'" in line
    assert "--download" in line
    assert called == []


def test_hash_stores_codes(run, make_bundle):
    bundle = make_bundle()
    ran = run("hash", "--bundle", bundle.path, "--hash", "itq", "--bits", "16,8", bundle=False)
    assert ran.code == 0, ran.err
    assert load_bundle(bundle.path, verify=True).stored_hashes("semantic")[1:] == [("itq", 8), ("itq", 16)]


def test_hash_stores_a_head_for_imported_arrays(run, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "G.npy", rng.normal(size=(60, 16)).astype(np.float32))
    np.save(tmp_path / "g.npy", rng.integers(0, 4, 60))
    arrays = ("--gallery-embeddings", "G.npy", "--gallery-labels", "g.npy")
    assert run("import", *arrays, "--out", "mine", bundle=False).code == 0
    ran = run("hash", "--bundle", "mine", "--hash", "itq", "--bits", 8, bundle=False)
    assert ran.code == 0, ran.err
    bundle = load_bundle(tmp_path / "mine", verify=True)
    entry = bundle.stored_hash("imported", "itq", 8)
    assert entry["head"]
    assert not entry["codes"]  # a head codes 60 images at once
    assert run("evaluate", "--bundle", "mine", "--hash", "itq", "--bits", 8, "--k", 5, bundle=False).code == 0


def test_bad_hashes_are_one_line(refused, make_bundle):
    folder = make_bundle().path
    assert "'imported'" in refused("hash", "--bundle", folder, "--hash", "imported", bundle=False)
    assert "some of 32, 48, 64, 128;" in refused(  # at 16 bits the encoder has a layer of its own
        "hash", "--bundle", folder, "--hash", "latent-sigmoid", "--bits", "16", bundle=False
    )
    assert "'itk'" in refused("hash", "--bundle", folder, "--hash", "itk", bundle=False)
    assert "32" in refused("hash", "--bundle", folder, "--hash", "itq", "--bits", "32", bundle=False)
    assert "--bundle" in refused("hash", "--hash", "itq", bundle=False)
