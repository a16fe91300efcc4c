"""What a notebook calls, and the guide that shows it."""

from __future__ import annotations

import contextlib
import gc
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import core
from core import (
    BadInput,
    Engine,
    bundle_from_arrays,
    choose_setting,
    evaluate,
    import_arrays,
    load_bundle,
    rank,
    retrieve,
)
from core.cli import main
from core.reports.tables import COLUMNS, metric_rows

ROOT = Path(core.__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "library.md"
SQUARE = np.array([[0.0, 2.0], [3.0, 3.0], [5.0, 0.0], [9.0, 0.0]])


@pytest.mark.slow
def test_the_guide_prints_what_it_says():
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == GUIDE.read_text(encoding="utf-8").count("```python") == 6
    names: dict = {}
    for code, expected in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(GUIDE), "exec"), names)
        assert printed.getvalue() == expected


def test_importing_core_and_its_names_loads_nothing_heavy():
    heavy = {"torch", "torchvision", "numba", "pandas", "pyarrow", "streamlit", "sklearn", "scipy", "numpy"}
    code = f"import sys, core; dir(core); print(sorted({heavy} & set(sys.modules)))"
    code += "; from core import evaluate; print(sorted({'torch', 'torchvision', 'streamlit'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["[]", "[]", ""]


def test_every_public_name_is_there():
    assert {"evaluate", "load_bundle", "rank"} <= set(dir(core))
    for name in core.__all__:
        assert getattr(core, name).__name__ == name
    with pytest.raises(AttributeError, match="'core' has no attribute 'evalute'"):
        core.evalute  # noqa: B018


def test_evaluate_is_the_csv_of_the_command(tiny_bundle, tmp_path):
    table = evaluate(tiny_bundle, k=[5, "all", 1], hash="itq", bits=8, multiplier=1.5, metrics=["ap", "ahp"], seed=3)
    command = ["evaluate", "--bundle", str(tiny_bundle.path), "--k", "1,5,all", "--hash", "itq", "--bits", "8"]
    command += ["--multiplier", "1.5", "--metrics", "ap,ahp", "--seed", "3", "--out", str(tmp_path / "m.csv")]
    assert main(command) == 0
    table.to_csv(tmp_path / "mine.csv", index=False)
    assert (tmp_path / "mine.csv").read_text() == (tmp_path / "m.csv").read_text()
    assert tuple(table.columns) == COLUMNS and len(table) == 2 * (3 + 3 + 2)  # hashed search has no k 'all'


def test_evaluate_takes_an_engine_a_folder_and_one_k(tiny_bundle):
    engine = Engine(tiny_bundle)
    expected = metric_rows(engine, choose_setting(tiny_bundle), ks=[5], metrics=["ap"])
    for source in (engine, tiny_bundle, tiny_bundle.path, str(tiny_bundle.path)):
        pd.testing.assert_frame_equal(evaluate(source, k=5, metrics=["ap"]), expected)
    assert list(evaluate(engine, searches=["exact"], metrics=["ap"])["k"]) == [
        1,
        5,
    ]  # of 1, 5, 100 and 250 at 59 images


def test_the_gaps_of_a_setting_are_the_bundles_defaults(tiny_bundle):
    setting = choose_setting(tiny_bundle, multiplier=2.50)
    assert (setting.encoder, setting.hash, setting.bits, setting.multiplier) == (
        "semantic",
        "latent-sigmoid",
        16,
        "2.5",
    )
    assert (setting.protocol, setting.hierarchy) == ("test-vs-test", "wordnet")
    assert choose_setting(tiny_bundle, hash="kmeans").bits == 7  # its longest: 128 cells for 150 images


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hash": "itqq"}, "did you mean 'itq'"),
        ({"encoder": "other"}, "unknown encoder 'other'"),
        ({"hash": "itq", "bits": 129}, "129"),
        ({"multiplier": 0.5}, "multiplier 0.5 is outside 1 to 20"),
        ({"k": 0}, "k '0' is no whole number from 1 up"),
        ({"k": [5, 1000]}, "k 1000 is above the gallery's 59 images"),
        ({"metrics": ["map"]}, "unknown metric 'map'"),
        ({"searches": ["fast"]}, "unknown search 'fast'"),
        ({"queries": 61}, "queries 61 is above the 60 there are"),
        ({"threads": 0}, "threads 0 is below 1"),
    ],
)
def test_bad_input_is_one_line(tiny_bundle, options, message):
    with pytest.raises(BadInput, match=message) as caught:
        evaluate(tiny_bundle, **options)
    assert "\n" not in str(caught.value)


def test_retrieve_is_the_csv_of_the_command(tiny_bundle, tmp_path):
    table = retrieve(tiny_bundle, 7, 5, ["exact", "asymmetric"], hash="itq", bits=8)
    command = [
        "retrieve",
        "--bundle",
        str(tiny_bundle.path),
        "--query",
        "7",
        "--k",
        "5",
        "--hash",
        "itq",
        "--bits",
        "8",
    ]
    assert main([*command, "--searches", "exact,asymmetric", "--out", str(tmp_path / "r.csv")]) == 0
    table.to_csv(tmp_path / "mine.csv", index=False)
    assert (tmp_path / "mine.csv").read_text() == (tmp_path / "r.csv").read_text()
    with pytest.raises(BadInput, match="query 60 is outside 0 to 59"):
        retrieve(tiny_bundle, 60)


def test_rank_by_cosine_and_by_inner_product():
    ids, similarities = rank(np.array([[1.0, 0.0], [0.0, 1.0]]), SQUARE, 3)
    assert ids.tolist() == [[2, 3, 1], [0, 1, 2]]  # 2 and 3 point the same way: the lower place is first
    np.testing.assert_allclose(similarities, [[1, 1, 0.5**0.5], [1, 0.5**0.5, 0]], atol=1e-7)
    ids, similarities = rank(np.array([[1.0, 0.0]]), SQUARE, 4, similarity="inner-product")
    assert ids.tolist() == [[3, 2, 1, 0]] and similarities.tolist() == [[9, 5, 3, 0]]


@pytest.mark.parametrize(
    ("queries", "k", "similarity", "message"),
    [
        (np.ones((1, 3)), 1, "cosine", "query embeddings have 3 dimensions, gallery embeddings 2"),
        (np.zeros((1, 2)), 1, "cosine", "queries: row 0 .*all zero"),
        (np.ones((1, 2), int), 1, "cosine", "queries are of type int64"),
        (np.ones(2), 1, "cosine", r"queries are of shape \(2,\)"),
        (np.ones((1, 2)), 5, "cosine", "k 5 is outside 1 to 4"),
        (np.ones((1, 2)), 1, "dot", "unknown similarity 'dot'"),
    ],
)
def test_rank_refuses_what_cannot_be_ranked(queries, k, similarity, message):
    with pytest.raises(BadInput, match=message):
        rank(queries, SQUARE, k, similarity)


def test_a_bundle_of_arrays_is_the_imported_one_and_goes_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    labels = ["a", "b", "a", "b"]
    mine = bundle_from_arrays(SQUARE, np.array(labels))
    import_arrays(tmp_path / "kept", SQUARE, np.array(labels))
    assert mine.version == load_bundle(tmp_path / "kept").version
    # 0, 1 and 2 (or 3) in the order of their angle: the nearest to 3 is 2, of the other label alternates
    hits = evaluate(mine, k=1, searches=["exact"], metrics=["precision"], hash="random-hyperplane")["value"].item()
    assert hits == 0.0
    folder = mine.path
    assert folder.is_dir()
    del mine
    gc.collect()
    assert not folder.parent.exists()


def test_arrays_that_do_not_fit_leave_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(BadInput, match="gallery labels: 3 for 4 gallery embeddings"):
        bundle_from_arrays(SQUARE, np.arange(3))
    assert list(tmp_path.iterdir()) == []


def test_lists_and_numpy_numbers_are_taken(tiny_bundle):
    ids, similarities = rank([[1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], 1)
    assert (ids.tolist(), similarities.tolist()) == ([[1]], [[1.0]])
    assert evaluate(tiny_bundle, k=np.int64(3)).equals(evaluate(tiny_bundle, k=3))
