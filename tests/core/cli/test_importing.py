"""`import`, and the commands on what was imported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.bundle import load_bundle


@pytest.fixture
def arrays(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 40)
    np.save(tmp_path / "G.npy", rng.normal(size=(40, 24)).astype(np.float32))
    np.save(tmp_path / "g.npy", labels)
    np.save(tmp_path / "Q.npy", rng.normal(size=(6, 24)).astype(np.float32))
    np.save(tmp_path / "q.npy", labels[:6])
    np.save(tmp_path / "GC.npy", rng.integers(0, 256, (40, 2), dtype=np.uint8))
    np.save(tmp_path / "QC.npy", rng.integers(0, 256, (6, 2), dtype=np.uint8))
    np.save(tmp_path / "sorted.npy", np.sort(labels))
    return tmp_path


GALLERY = ("--gallery-embeddings", "G.npy", "--gallery-labels", "g.npy")
QUERIES = ("--query-embeddings", "Q.npy", "--query-labels", "q.npy")
CODES = ("--gallery-codes", "GC.npy", "--query-codes", "QC.npy", "--bits", "16")


def test_import_then_evaluate(run, arrays):
    ran = run("import", *GALLERY, *QUERIES, *CODES, "--out", "mine", bundle=False)
    assert ran.code == 0, ran.err
    assert "queries-vs-gallery" in ran.out
    assert load_bundle("mine").defaults["hash"] == "imported"
    ran = run("evaluate", "--bundle", "mine", "--k", "1,5,40,all", "--out", "m.csv", bundle=False)
    assert ran.code == 0, ran.err
    rows = pd.read_csv("m.csv")
    assert set(rows["hash"].dropna()) == {"imported"}
    assert set(rows["hierarchy"]) == {"imported"}
    assert set(rows["queries"]) == {6}


def test_without_queries_the_gallery_queries_itself(run, arrays):
    ran = run("import", *GALLERY, "--shuffle", 0, "--out", "mine", bundle=False)
    assert ran.code == 0, ran.err
    assert load_bundle("mine").protocols == ("leave-one-out",)


def test_sorted_labels_draw_a_warning(run, arrays):
    files = ("--gallery-embeddings", "G.npy", "--gallery-labels", "sorted.npy")
    ran = run("import", *files, "--out", "mine", bundle=False)
    assert ran.code == 0
    assert ran.err.startswith("warning: ")
    assert "--shuffle" in ran.err


def test_similarity_is_kept_and_told(run, arrays):
    ran = run("import", *GALLERY, "--out", "plain", bundle=False)
    assert "24 dimensions, compared by cosine" in ran.out
    ran = run("import", *GALLERY, "--similarity", "inner-product", "--out", "mine", bundle=False)
    assert ran.code == 0, ran.err
    assert "24 dimensions, compared by inner product" in ran.out
    assert (load_bundle("mine").embeddings("imported", "gallery") == np.load("G.npy")).all()
    ran = run("retrieve", "--bundle", "mine", "--query", 3, "--k", 5, bundle=False)
    assert "(similarity: inner product)" in ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((*GALLERY[:2], "--gallery-labels", "none.npy"), ["none.npy", "missing"]),
        ((*GALLERY, "--query-embeddings", "Q.npy"), ["query labels"]),
        ((*GALLERY, "--bits", "16"), ["codes"]),
        ((*GALLERY[:2], "--gallery-labels", "q.npy"), ["6", "40"]),
        (GALLERY[:2], ["gallery labels are missing"]),
        ((*GALLERY, "--similarity", "dot"), ["--similarity", "'dot'", "inner-product"]),
    ],
)
def test_bad_arrays_are_one_line(refused, arrays, options, words):
    line = refused("import", *options, "--out", "mine", bundle=False)
    assert all(word in line for word in words)
