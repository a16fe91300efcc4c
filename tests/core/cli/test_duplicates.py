"""`duplicates`, and --near-duplicates of the commands that search."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from core.building import add_near_duplicates
from core.cli import duplicates
from core.datasets import cifar
from core.datasets.cifar100 import CIFAR_100
from core.engine.engine import Engine
from core.settings import Setting

OUT = ("--near-duplicates", "leave-out")


@pytest.fixture
def on(run, doubled_bundle):
    """`on("evaluate", ...)` runs on the bundle that holds pairs."""
    return lambda command, *options: run(command, "--bundle", doubled_bundle.path, *options, bundle=False)


@pytest.fixture
def of_cifar(monkeypatch):
    """The tiny bundle passes for one of CIFAR-100."""
    monkeypatch.setattr(duplicates, "get_dataset", lambda name: CIFAR_100)


def test_the_command_hands_its_options_on(run, tiny_bundle, of_cifar, monkeypatch, tmp_path):
    (tmp_path / "data" / CIFAR_100.folder).mkdir(parents=True)
    (tmp_path / "data" / CIFAR_100.folder / "test").write_bytes(b"")
    calls = []

    def store(folder, root, threads, progress):
        progress("test-test", 0.5)
        calls.append((folder, str(root), threads))
        return {"test-test": 1234, "test-train": 0}

    monkeypatch.setattr(add_near_duplicates, "store_near_duplicates", store)
    ran = run("duplicates", "--root", "data", "--threads", 2)
    assert ran.code == 0, ran.err
    assert calls == [(str(tiny_bundle.path), "data", 2)]
    assert "test-test: 1,234 pairs\ntest-train: 0 pairs\n" in ran.out


def test_a_bundle_of_other_data_is_refused(refused, tiny_bundle):
    assert "unknown data set 'Tiny'" in refused("duplicates", "--root", "data")


def test_a_folder_without_pictures_is_refused(refused, of_cifar, monkeypatch, tmp_path):
    assert "no folder 'cifar-100-python' in 'nowhere'" in refused("duplicates", "--root", "nowhere")
    monkeypatch.delenv("CIFAR_ROOT", raising=False)
    monkeypatch.setattr(cifar, "default_download_root", lambda: tmp_path / "none")
    assert "name its parent with --root" in refused("duplicates")


def test_evaluate_leaves_them_out(on, doubled_bundle):
    assert on("evaluate", *OUT, "--k", 5, "--metrics", "ap", "--out", "a.csv", "--predictions", "p.csv").code == 0
    ran = on("evaluate", "--k", 5, "--metrics", "ap", "--out", "b.csv")
    assert "without" not in ran.out
    without, kept = pd.read_csv("a.csv"), pd.read_csv("b.csv")
    assert list(without.columns) == list(kept.columns)
    assert (without["value"] != kept["value"]).any()
    setting = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet", near_duplicates="leave-out")
    expected = Engine(doubled_bundle).result("exact", setting, [5]).mean("ap", 5)
    assert without[without["search"] == "exact"]["value"].tolist() == [expected]
    hits = pd.read_csv("p.csv")
    assert not set(hits["index"]) & {11, 40, 6}
    assert not ((hits["query"] == 40) & (hits["index"] == 3)).any()
    assert (
        "test-vs-test without 3 near-duplicates: 60 queries, each searches 56 images"
        in on("evaluate", *OUT, "--k", 5).out
    )


@pytest.mark.slow
def test_retrieve_and_benchmark_take_it(on):
    ran = on("retrieve", "--query", 11, "--k", 56, *OUT, "--out", "r.csv")
    assert ran.code == 0, ran.err
    assert "test-vs-test without 3 near-duplicates: top 56 of 56" in ran.out
    assert sorted(set(pd.read_csv("r.csv")["index"])) == sorted(set(range(60)) - {3, 11, 40, 6})
    ran = on("benchmark", "--protocol", "test-vs-train", "--k", 5, "--runs", 3, "--batch", 5, "--light",
             "--quality", "none", *OUT)  # fmt: skip
    assert ran.code == 0, ran.err
    assert "test-vs-train without 2 near-duplicates" in ran.out


def test_a_sweep_does_not_mix_the_two(on):
    grid = ("--hash", "itq", "--bits", 8, "--k", 5, "--metrics", "ap", "--out", "g.csv")
    assert on("sweep", *grid).code == 0
    kept = pd.read_csv("g.csv")
    assert json.loads(Path("g.csv.sweep.json").read_text()) == {"seed": 0}
    ran = on("sweep", *grid, *OUT)
    assert "0 of 3 evaluations were there already" in ran.out
    assert "are not of this grid, seed and gallery: left out" in ran.err
    without = pd.read_csv("g.csv")
    assert (without["value"] != kept["value"]).any()
    assert "3 of 3 evaluations were there already" in on("sweep", *grid, *OUT).out
    assert "0 of 3 evaluations were there already" in on("sweep", *grid).out
    assert pd.read_csv("g.csv").equals(kept)


def test_what_cannot_be_left_out_is_refused(refused, doubled_bundle):
    assert "holds no near-duplicates of 'test' in 'test'" in refused("evaluate", *OUT)
    where = ("--bundle", doubled_bundle.path, "--protocol", "test-vs-test-with-self")
    assert "each query searches itself" in refused("retrieve", "--query", 1, *where, *OUT, bundle=False)
    assert "invalid choice: 'drop'" in refused("evaluate", "--near-duplicates", "drop")
