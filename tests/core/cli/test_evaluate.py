"""`evaluate`: its numbers against plain loops, its files, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.engine.engine import Engine
from core.reports.tables import COLUMNS
from core.settings import Setting
from tests import reference

KS = (1, 5, 20)


def oracle(bundle, setting, multiplier):
    """{(search, k, metric): value} by plain loops, `k` 'all' included."""
    engine = Engine(bundle)
    task, codes = engine.at(setting).task, engine.at(setting).codes
    similarity = bundle.hierarchy(setting.hierarchy).similarity()
    sums = {}
    for q, (vector, label) in enumerate(zip(task.queries, task.query_labels, strict=True)):
        own = int(task.exclude[q])
        exact = reference.exact_ranking(vector, task.gallery, own)
        near = reference.hamming_ranking(codes.queries.packed[q], codes.gallery.packed, own)
        for k in (*KS, "all"):
            depth = len(exact) if k == "all" else k
            rankings = {"exact": exact, "hamming": near}
            if k != "all":
                rankings["hashed"] = reference.hashed_ranking(vector, task.gallery, near, multiplier, k)
            for search, ranking in rankings.items():
                found = reference.metrics(ranking, depth, label, task.gallery_labels, similarity, own, exact)
                for metric, value in found.items():
                    sums.setdefault((search, str(k), metric), []).append(value)
    return {key: np.mean(values) for key, values in sums.items()}


@pytest.mark.parametrize(
    ("hash_name", "protocol", "hierarchy", "multiplier"),
    [("itq", "test-vs-test", "wordnet", "1.5"), ("latent-sigmoid", "test-vs-train", "superclass", "all")],
)
def test_csv_equals_plain_loops(run, tiny_bundle, hash_name, protocol, hierarchy, multiplier):
    ran = run(
        "evaluate", "--hash", hash_name, "--bits", 16, "--protocol", protocol, "--hierarchy", hierarchy,
        "--multiplier", multiplier, "--k", "1,5,20,all", "--queries", 25, "--seed", 1, "--out", "m.csv",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "left out" in ran.err  # k 'all' of hashed search
    rows = pd.read_csv("m.csv")
    assert tuple(rows.columns) == COLUMNS
    setting = Setting("semantic", hash_name, 16, multiplier, protocol, hierarchy, seed=1, queries=25)
    expected = oracle(tiny_bundle, setting, multiplier)
    plain = rows[~rows["metric"].str.endswith("_expected")]
    found = {(r.search, str(r.k), r.metric): r.value for r in plain.itertuples()}
    assert found.keys() == expected.keys()
    assert np.allclose([found[key] for key in expected], list(expected.values()), rtol=0, atol=1e-12)
    assert (rows["ci_low"] <= rows["value"]).all()
    assert (rows["value"] <= rows["ci_high"]).all()
    assert set(rows["queries"]) == {25}


def test_bytes_do_not_depend_on_threads(run, tmp_path):
    files = []
    for threads in (1, 2, 3):
        path = tmp_path / f"{threads}.csv"
        options = ("--hash", "itq", "--queries", 40, "--k", "1,5,all", "--threads", threads, "--out", path)
        ran = run("evaluate", *options, "--searches", "exact,hashed,hamming,asymmetric")
        assert ran.code == 0, ran.err
        files.append(path.read_bytes())
    assert files[0] == files[1] == files[2]


def test_seed_chooses_the_sample(run):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert run("evaluate", "--queries", 9, "--k", 5, "--seed", seed, "--out", f"{name}.csv").code == 0
    read = [pd.read_csv(f"{name}.csv") for name in "abc"]
    pd.testing.assert_frame_equal(read[0], read[1])
    assert not np.array_equal(read[0]["value"], read[2]["value"])


def test_all_outputs(run, tmp_path):
    ran = run(
        "evaluate", "--k", "1,5,10", "--out", "m.csv", "--plot", "curves.html", "--predictions", "hits.csv",
        "--metrics", "ap,ap_expected,overlap",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert {path.name for path in tmp_path.iterdir()} == {"m.csv", "m.csv.summary.csv", "curves.html", "hits.csv"}
    summary = pd.read_csv("m.csv.summary.csv")
    assert summary["search"].tolist() == ["exact", "hashed", "hamming"]
    assert {"mAP@1", "mAP@10", "mAHP@5"} <= set(summary.columns)
    assert (summary["retrieval time (ms)"] > 0).all()
    hits = pd.read_csv("hits.csv")
    assert len(hits) == 60 * 3 * 10
    rows = pd.read_csv("m.csv").set_index(["search", "k", "metric"])["value"]
    first = hits[hits["rank"] == 1].groupby("search")["relevant"].mean()
    assert first["exact"] == pytest.approx(rows["exact", 1, "ap"])
    assert "mAP" in (tmp_path / "curves.html").read_text()
    assert "ap_expected" in ran.out


def test_default_k_that_fit_the_gallery(run):
    ran = run("evaluate", "--out", "m.csv")
    assert ran.code == 0
    assert pd.read_csv("m.csv")["k"].unique().tolist() == [1, 5]
    assert "59 images" in ran.err


@pytest.mark.parametrize("bits", [4, 64])  # its own length, as the dashboard's command says it, and another
def test_fixed_length_ignores_bits(run, bits):
    ran = run("evaluate", "--hash", "predicted-class", "--bits", bits, "--k", 5, "--out", "m.csv")
    assert ran.code == 0
    assert pd.read_csv("m.csv")["bits"].dropna().unique().tolist() == [4]
    assert "4 bits" in ran.out


def test_defaults_are_the_bundles(run):
    assert run("evaluate", "--k", 5, "--out", "m.csv").code == 0
    row = pd.read_csv("m.csv").iloc[-1]
    assert (row["encoder"], row["hash"], row["bits"]) == ("semantic", "latent-sigmoid", 16)
    assert (row["protocol"], row["hierarchy"]) == ("test-vs-test", "wordnet")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--encoder", "resnet"], ["'resnet'", "semantic"]),
        (["--hash", "itk"], ["'itk'", "did you mean 'itq'"]),
        (["--hash", "imported"], ["'imported'", "latent-sigmoid"]),
        (["--hash", "itq", "--bits", "32"], ["32", "8, 16"]),
        (["--hash", "kmeans", "--bits", "16"], ["16", "4, 5, 6, 7"]),
        (["--hash", "pq", "--metrics", "ap,ap_expected"], ["ap_expected", "pq", "use 'ap'"]),
        (["--hash", "itq", "--bits", "7"], ["7", "8, 16"]),
        (["--out", ""], ["folder"]),
        (["--protocol", "leave-one-out"], ["leave-one-out", "test-vs-train"]),
        (["--hierarchy", "imagenet"], ["imagenet", "superclass"]),
        (["--k", "60"], ["60", "59"]),
        (["--k", "1001"], ["1001", "1 to 1000"]),
        (["--queries", "61"], ["61", "60"]),
        (["--k", "all", "--searches", "hashed"], ["'all'", "hashed"]),
        (["--k", "all", "--predictions", "p.csv"], ["predictions", "number"]),
        (["--metrics", "ap_expected", "--searches", "exact"], ["ap_expected", "hamming"]),
        (["--hash", "random-codes", "--searches", "asymmetric"], ["random-codes", "real values"]),
        (["--plot", "curves.pdf"], ["curves.pdf", ".html"]),
        (["--predictions", "m.csv"], ["m.csv", "two outputs"]),
        (["--plot", "none/curves.html"], ["none", "no folder"]),
        (["--predictions", "."], ["folder"]),
    ],
)
def test_bad_input_changes_no_file(refused, tmp_path, options, words):
    (tmp_path / "m.csv").write_text("old")
    extra = [] if "--k" in options else ["--k", "5"]
    line = refused("evaluate", "--out", "m.csv", *extra, *options)
    assert all(word in line for word in words)
