"""From a folder of labelled pictures to hashes that are evaluated: all that a person would type."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.bundle.bundle import load_bundle
from tests.core.pictures.drawn import write_folder, write_weights

ENCODER = ("--encoder", "squeezenet1_1", "--weights", "small.pth", "--cache", "cache")


@pytest.fixture
def photos(tmp_path):
    """A gallery of 3 x 20 pictures and 3 x 4 others that query it."""
    write_folder(tmp_path / "photos", 20, seed=0)
    write_folder(tmp_path / "asked", 4, seed=1)
    write_weights(tmp_path / "small.pth")
    return tmp_path


@pytest.mark.slow
def test_embed_hash_evaluate(run, photos):
    ran = run("embed", "--dataset", "photos", "--queries", "asked", *ENCODER, "--out", "mine", bundle=False)
    assert ran.code == 0, ran.err
    bundle = load_bundle("mine")
    assert bundle.class_names == ("bar", "disc", "frame") and bundle.protocols == ("queries-vs-gallery",)
    assert (bundle.count("gallery"), bundle.count("queries")) == (60, 12)
    assert bundle.embeddings("squeezenet1_1", "gallery").shape == (60, 512)
    ran = run("hash", "--bundle", "mine", "--hash", "hashnet,dch", "--bits", "16,32,48,64", bundle=False)
    assert ran.code == 0, ran.err
    stored = {(name, bits) for name, bits in load_bundle("mine").stored_hashes("squeezenet1_1")}
    assert stored == {(name, bits) for name in ("hashnet", "dch") for bits in (16, 32, 48, 64)}
    ran = run("evaluate", "--bundle", "mine", "--hash", "hashnet", "--bits", 48, "--k", "10", "--metrics", "ap",
              "--searches", "exact,hamming", "--out", "m.csv", bundle=False)  # fmt: skip
    assert ran.code == 0, ran.err
    value = pd.read_csv("m.csv").set_index("search")["value"]
    assert value["hamming"] > 0.9  # shapes of three colours: learned codes tell them apart
    assert value["exact"] > 0.5


def test_without_queries_each_leaves_itself_out(run, photos):
    ran = run("embed", "--dataset", "asked", *ENCODER, "--dimensions", 8, "--out", "mine", bundle=False)
    assert ran.code == 0, ran.err
    bundle = load_bundle("mine")
    assert bundle.protocols == ("leave-one-out",) and bundle.embeddings("squeezenet1_1", "gallery").shape == (12, 8)
    assert run("evaluate", "--bundle", "mine", "--k", "3", bundle=False).code == 0


@pytest.mark.slow
def test_fine_tune_then_embed_takes_the_head_along(run, photos, monkeypatch):
    monkeypatch.setattr("core.encoders.fine_tune.LEAST_STEPS", 3)
    tune = ("--dataset", "photos", *ENCODER, "--hash", "hashnet", "--bits", 16, "--epochs", 1, "--run", "run")
    ran = run("fine-tune", *tune, bundle=False)
    assert ran.code == 0, ran.err
    assert "trained: features.12 and the head" in ran.out
    assert len(np.load("run/codes.npy")) == 60
    tuned = ("--encoder", "squeezenet1_1", "--weights", "run/weights.safetensors", "--cache", "cache")
    ran = run("embed", "--dataset", "photos", "--queries", "asked", *tuned, "--out", "mine", bundle=False)
    assert ran.code == 0, ran.err
    bundle = load_bundle("mine")
    assert bundle.stored_hashes("squeezenet1_1") == [("hashnet", 16)]
    ran = run("evaluate", "--bundle", "mine", "--hash", "hashnet", "--bits", 16, "--k", "10", bundle=False)
    assert ran.code == 0, ran.err


@pytest.mark.slow
def test_a_picture_queries_the_bundle_by_the_same_weights(run, photos):
    made = run("embed", "--dataset", "photos", *ENCODER, "--out", "mine", bundle=False)
    assert made.code == 0, made.err
    asked = ("retrieve", "--bundle", "mine", "--picture", "photos/disc/003.png", "--k", 60, "--out", "r.csv")
    ran = run(*asked, "--weights", "small.pth", bundle=False)
    assert ran.code == 0, ran.err
    assert "seen as 224 x 224" in ran.out and "no predicted class" in ran.out and "mirror" not in ran.out
    rows = pd.read_csv("r.csv")
    first = rows[(rows["search"] == "exact") & (rows["rank"] == 1)].iloc[0]
    assert first["class"] == "disc" and first["similarity"] > 0.999
    missing = run(*asked, bundle=False)
    assert missing.code == 2 and "name that file with --weights" in missing.err and missing.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--dataset", "small.pth"), ["is no folder"]),
        (("--dataset", "photos/bar"), ["sub-folder"]),
        (("--dataset", "photos", "--run", "x"), ["--run"]),
        (("--dataset", "photos", "--dimensions", 4000), ["dimensions 4000"]),
        (("--dataset", "photos", "--out", "photos"), ["is no bundle"]),
        (("--queries", "asked"), ["--queries goes with --dataset"]),
    ],
)
def test_bad_input_is_one_line(refused, photos, options, words):
    out = () if "--out" in options else ("--out", "mine")
    line = refused("embed", *ENCODER, *options, *out, "--cache", photos.parent / "cache", bundle=False)
    assert all(word in line for word in words)


def test_embed_of_cifar_still_needs_its_run(refused):
    assert "--run DIR is missing" in refused("embed", "--out", "mine", bundle=False)
    assert "unknown encoder 'resnet50'" in refused("embed", "--encoder", "resnet50", "--out", "mine", bundle=False)


@pytest.mark.parametrize("name", ["itq", "nested", "semantic-centres"])
def test_hashes_that_cannot_be_tuned(refused, photos, name):
    line = refused("fine-tune", "--dataset", "photos", *ENCODER, "--hash", name, "--run", "run", bundle=False)
    assert "hashnet" in line and "dch" in line
