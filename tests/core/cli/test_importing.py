"""`import`, and the commands on what was imported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.bundle.bundle import load_bundle
from core.bundle.vectors import plain_rows


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
    given = np.load("G.npy")
    assert np.array_equal(load_bundle("mine").embeddings("imported", "gallery"), plain_rows([given], given.shape, "G"))
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


def test_a_preview_tells_everything_and_writes_nothing(run, arrays):
    before = sorted(arrays.iterdir())
    ran = run("import", *GALLERY, *QUERIES, *CODES, "--preview", bundle=False)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "gallery embeddings 'G.npy': 40 x 24 float32"
    assert lines[1].startswith(f"  row 0: {np.load('G.npy')[0, 0]:.4g} ") and lines[4].startswith(
        "  length of rows, among the first 1,000 of the file: "
    )
    assert "query codes 'QC.npy': 6 x 2 uint8" in lines
    assert lines[-1].startswith("nothing keeps these files from an import")
    assert sorted(arrays.iterdir()) == before


def test_a_preview_of_files_that_cannot_be_imported(run, arrays):
    ran = run("import", *GALLERY[:2], "--gallery-labels", "q.npy", "--query-labels", "g.npy", "--preview", bundle=False)
    assert ran.code == 2
    assert [line.split(":")[0] for line in ran.out.splitlines()[-3:]].count("to mend") == 2
    assert ran.err.startswith("error: these files cannot be imported yet: ") and ran.err.endswith("(1 more above)\n")
    ran = run("import", *GALLERY, *CODES[:2], "--preview", bundle=False)
    assert ran.code == 2 and "codes and their bits go together" in ran.err


def test_columns_and_splits_of_one_file(run, arrays):
    split = np.array(["train", "val"])[np.arange(40) % 2]
    np.savez("all.npz", a=np.load("G.npy"), b=np.load("GC.npy"), c=np.load("g.npy"), d=split)
    options = (
        "--labels-column",
        "c",
        "--split-column",
        "d",
        "--query-split",
        "val",
        "--codes-column",
        "b",
        "--bits",
        16,
    )
    ran = run("import", "--gallery-embeddings", "all.npz", *options, "--out", "mine", bundle=False)
    assert ran.code == 0, ran.err
    bundle = load_bundle("mine")
    assert (bundle.count("gallery"), bundle.count("queries"), bundle.defaults["hash"]) == (20, 20, "imported")
    assert (bundle.labels("queries") == np.load("g.npy")[1::2]).all()


def test_no_folder_for_the_bundle(refused, arrays):
    assert "--out" in refused("import", *GALLERY, bundle=False)
