from __future__ import annotations

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.datasets.array_columns import Columns
from core.datasets.array_preview import preview_arrays
from core.datasets.arrays import import_arrays
from core.errors import BadInput
from tests.core.datasets.array_tables import write_hub

RNG = np.random.default_rng(0)
VECTORS = np.array([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0], [0.0, 2.0]], np.float32)
LABELS = np.array([1, 0, 1, 0])
HUB = {"features": VECTORS, "label": LABELS, "split": ["train", "test", "train", "train"]}


def look(columns=None, **sources):
    return preview_arrays(sources, columns)


def test_what_arrays_hold():
    found = look(gallery_embeddings=VECTORS, gallery_labels=LABELS)
    vectors, labels = found.files
    assert (vectors.shape, vectors.dtype, vectors.norms) == ((4, 2), "float32", (1.0, 3.5, 10.0))
    assert vectors.rows == ("3 4", "0 1", "6 8")
    assert (labels.shape, labels.classes, labels.rows) == ((4,), 2, ("1, 0, 1, 0",))
    assert found.problems == ()
    assert found.notes == (
        "there are no query files: each image queries all others",
        "rows differ in length, which cosine does not count; where it is to count, compare by inner product",
    )


def test_many_values_are_cut_short():
    vectors, labels = look(gallery_embeddings=np.ones((20, 9), "f4"), gallery_labels=np.arange(20)).files
    assert vectors.rows == ("1 1 1 1 1 1 …",) * 3
    assert labels.rows == ("0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 …",)


def test_nothing_is_written_where_files_lie(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "x.npz", embeddings=VECTORS, labels=LABELS)
    before = sorted(tmp_path.iterdir())
    assert look(gallery_embeddings=tmp_path / "x.npz").problems == ()
    assert sorted(tmp_path.iterdir()) == before


def test_float64_sorted_labels_and_lonely_queries_are_told():
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    found = look(
        gallery_embeddings=unit.astype("f8"), gallery_labels=np.array([0, 0, 3, 3]),
        query_embeddings=unit[:2], query_labels=np.array([1, 3]),
    )  # fmt: skip
    assert found.problems == ()
    assert found.notes[:3] == (
        "gallery embeddings: float64 will be stored as float32",
        "2 of 4 classes have no image in the gallery",
        "1 queries are of a class that the gallery does not have: they will count 0",
    )
    assert found.notes[3].startswith("the gallery is sorted by label") and len(found.notes) == 4


MENDS = {
    "nothing": ({}, ["gallery embeddings are missing", "gallery labels are missing: give one class"]),
    "no labels": ({"gallery_embeddings": VECTORS}, ["gallery labels are missing"]),
    "swapped": (
        {"gallery_embeddings": LABELS, "gallery_labels": VECTORS},
        ["of type int64: expected float.*embeddings and labels swapped", "shape .4, 2.: expected .N,.*labels swapped"],
    ),
    "sides swapped": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS[:3], "query_embeddings": VECTORS[:3],
         "query_labels": LABELS},
        ["gallery labels: 3 for 4 .*as many as the query embeddings: are the files swapped",
         "query labels: 4 for 3 .*as many as the gallery embeddings: are the files swapped"],
    ),
    "another length": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS[:2]},
        ["gallery labels: 2 for 4 gallery embeddings, expected one for each$"],
    ),
    "one label more": (
        {"gallery_embeddings": VECTORS, "gallery_labels": np.zeros(5, int)}, ["first line of a .csv its header"],
    ),
    "dimensions": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "query_embeddings": VECTORS[:, :1] + 1,
         "query_labels": LABELS},
        ["query embeddings have 1 dimensions, gallery embeddings 2: expected the same encoder"],
    ),
    "query labels alone": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "query_labels": LABELS},
        ["go together.*the query embeddings are missing"],
    ),
    "codes alone": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "query_codes": np.zeros((4, 1), np.uint8)},
        ["query codes without query embeddings", "query codes without gallery codes"],
    ),
    "integers": (
        {"gallery_embeddings": VECTORS.astype(int), "gallery_labels": LABELS}, ["convert them with astype"],
    ),
    "codes as embeddings": (
        {"gallery_embeddings": VECTORS.astype("u1"), "gallery_labels": LABELS}, ["packed codes are given as codes"],
    ),
    "codes as floats": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "gallery_codes": np.zeros((4, 1)), "bits": 8},
        ["gallery codes are of type float64: expected packed uint8"],
    ),
    "codes as text": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "gallery_codes": np.array(list("abab")), "bits": 8},
        ["gallery codes are of type <U1: expected packed uint8"],
    ),
    "codes of one number": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "gallery_codes": np.zeros(4, "u1"), "bits": 8},
        ["gallery codes are of shape .4,.: expected .N, bits / 8 rounded up."],
    ),
    "codes too wide": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "gallery_codes": np.zeros((4, 2), "u1"), "bits": 8},
        ["gallery codes are of shape .4, 2.: 8 bits take .N, 1."],
    ),
    "bits out of range": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "gallery_codes": np.zeros((4, 1), "u1"), "bits": 7},
        ["bits 7 is outside 8 to 128"],
    ),
    "bits alone": ({"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "bits": 8}, ["codes and their bits go"]),
    "seed": ({"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "shuffle": -1}, ["seed -1 is negative"]),
    "similarity": (
        {"gallery_embeddings": VECTORS, "gallery_labels": LABELS, "similarity": "cosin"},
        ["unknown similarity 'cosin'.*did you mean 'cosine'"],
    ),
    "one image": ({"gallery_embeddings": VECTORS[:1], "gallery_labels": LABELS[:1]}, ["a gallery of 1 image"]),
    "NaN": ({"gallery_embeddings": VECTORS * np.nan, "gallery_labels": LABELS}, ["row 0 .*NaN"]),
    "names and numbers": (
        {"gallery_embeddings": VECTORS, "gallery_labels": np.array(list("abab")), "query_embeddings": VECTORS,
         "query_labels": LABELS},
        ["labels of the queries are numbers, those of the other split class names"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sources", "mends"), MENDS.values(), ids=MENDS)
def test_each_problem_has_its_mend_and_the_import_refuses_it_too(tmp_path, sources, mends):
    options = {key: sources[key] for key in ("similarity", "bits", "shuffle") if key in sources}
    files = {key: value for key, value in sources.items() if key not in options}
    found = preview_arrays(files, **options)
    assert len(found.problems) == len(mends)
    for line, mend in zip(found.problems, mends, strict=True):
        with pytest.raises(BadInput, match=mend):
            raise BadInput(line)
    if "gallery_embeddings" in sources:
        with pytest.raises(BadInput) as caught:
            import_arrays(tmp_path / "out", **sources)
        assert str(caught.value) in found.problems
        assert not (tmp_path / "out").exists()


class TestOneFile:
    def test_both_splits_and_their_names(self, tmp_path):
        path = write_hub(tmp_path / "hub.parquet", HUB, names=["ant", "bee"])
        columns = Columns(split="split")
        found = look(columns, gallery_embeddings=path)
        assert found.problems == ()
        assert {seen.key: (seen.shape, seen.column) for seen in found.files} == {
            "gallery_embeddings": ((3, 2), "features"), "query_embeddings": ((1, 2), "features"),
            "gallery_labels": ((3,), "label"), "query_labels": ((1,), "label"),
        }  # fmt: skip
        assert found.notes[:2] == (
            "gallery: 3 of 4 rows, by the column 'split'",
            "query: 1 of 4 rows, by the column 'split'",
        )
        import_arrays(tmp_path / "out", path, columns=columns)
        bundle = load_bundle(tmp_path / "out", verify=True)
        assert bundle.class_names == ("ant", "bee") and bundle.protocols == ("queries-vs-gallery",)
        assert bundle.labels("gallery").tolist() == [1, 1, 0] and bundle.labels("queries").tolist() == [0]
        assert bundle.original_rows("gallery").tolist() == [0, 2, 3] and bundle.original_rows("queries").tolist() == [1]
        np.testing.assert_allclose(
            bundle.embeddings("imported", "gallery"), [[0.6, 0.8], [0.6, 0.8], [0, 1]], atol=1e-6
        )

    def test_a_bad_row_of_neither_split_is_no_problem(self, tmp_path):
        vectors = VECTORS.copy()
        vectors[1] = np.nan
        path = write_hub(tmp_path / "hub.parquet", {**HUB, "features": vectors, "split": ["a", "none", "b", "a"]})
        columns = Columns(split="split", gallery="a", queries="b")
        found = look(columns, gallery_embeddings=path)
        assert found.problems == () and found.files[0].rows == ("3 4", "0 2")
        assert sorted(seen.norms for seen in found.files if seen.norms) == [(2.0, 3.5, 5.0), (10.0, 10.0, 10.0)]
        import_arrays(tmp_path / "out", path, columns=columns)
        (problem,) = look(Columns(split="split", gallery="a", queries="none"), gallery_embeddings=path).problems
        with pytest.raises(BadInput) as caught:
            import_arrays(tmp_path / "o", path, columns=Columns(split="split", gallery="a", queries="none"))
        assert str(caught.value) == problem and "query embeddings: row 0 " in problem

    def test_a_shuffle_keeps_the_rows_of_the_file(self, tmp_path):
        path = write_hub(tmp_path / "hub.parquet", HUB)
        import_arrays(tmp_path / "out", path, columns=Columns(split="split"), shuffle=1)
        bundle = load_bundle(tmp_path / "out")
        rows = bundle.original_rows("gallery")
        assert sorted(rows) == [0, 2, 3] and (bundle.labels("gallery") == LABELS[rows]).all()

    def test_a_csv_may_hold_the_split(self, tmp_path):
        np.save(tmp_path / "x.npy", VECTORS)
        (tmp_path / "y.csv").write_text("label,part\na,1\nb,2\na,1\nb,1\n")
        columns = Columns(split="part", gallery="1", queries="2")
        sources = {"gallery_embeddings": tmp_path / "x.npy", "gallery_labels": tmp_path / "y.csv"}
        assert look(columns, **sources).problems == ()
        import_arrays(tmp_path / "out", **sources, columns=columns)
        assert load_bundle(tmp_path / "out").labels("gallery").tolist() == [0, 0, 1]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            (Columns(split="part"), "no split column 'part'"),
            (Columns(split="features"), "no split column 'features' of text or numbers"),
            (
                Columns(split="split", queries="dev"),
                r"no 'dev' for the query: it has test \(1 rows\), train \(3 rows\)",
            ),
            (Columns(split="split", gallery="test"), "split 'test' for both"),
            (Columns(gallery="train"), "without the column that tells it"),
            (Columns(embeddings="clip"), "has no column 'clip': it has features, label, split"),
            (Columns(labels="fine"), "has no column 'fine': it has features, label, split"),
        ],
    )
    def test_columns_that_do_not_fit(self, tmp_path, columns, message):
        path = write_hub(tmp_path / "hub.parquet", HUB)
        (problem,) = look(columns, gallery_embeddings=path).problems
        with pytest.raises(BadInput, match=message) as caught:
            import_arrays(tmp_path / "out", path, columns=columns)
        assert str(caught.value) == problem and not (tmp_path / "out").exists()

    def test_a_split_and_query_files_are_one_too_many(self, tmp_path):
        path = write_hub(tmp_path / "hub.parquet", HUB)
        found = look(Columns(split="split"), gallery_embeddings=path, query_embeddings=VECTORS, query_labels=LABELS)
        assert found.problems == (
            "a split column and query embeddings: give one file with both splits, or two without a column",
        )

    def test_codes_of_one_side_alone_are_left_where_they_are(self, tmp_path):
        np.savez(tmp_path / "g.npz", X=VECTORS, y=LABELS, codes=np.zeros((4, 1), np.uint8))
        sources = {"gallery_embeddings": tmp_path / "g.npz"}
        assert [seen.key.split("_")[1] for seen in look(**sources).files] == ["embeddings", "labels", "codes"]
        found = look(**sources, query_embeddings=VECTORS, query_labels=LABELS)
        assert found.problems == () and "gallery_codes" not in {seen.key for seen in found.files}

    def test_codes_of_the_queries_alone_are_left_too(self, tmp_path):
        np.savez(tmp_path / "q.npz", X=VECTORS, y=LABELS, codes=np.zeros((4, 1), np.uint8))
        found = look(gallery_embeddings=VECTORS, gallery_labels=LABELS, query_embeddings=tmp_path / "q.npz")
        assert found.problems == () and "query_codes" not in {seen.key for seen in found.files}

    def test_only_what_is_called_codes_is_taken_for_codes(self, tmp_path):
        np.savez(tmp_path / "g.npz", X=VECTORS, y=LABELS, attributes=np.zeros((4, 5), np.uint8))
        sources = {"gallery_embeddings": tmp_path / "g.npz"}
        assert "gallery_codes" not in {seen.key for seen in look(**sources).files}
        named = look(Columns(codes="attributes"), **sources).files
        assert [seen.column for seen in named if seen.key == "gallery_codes"] == ["attributes"]

    def test_a_split_of_another_length(self, tmp_path):
        np.savez(tmp_path / "x.npz", X=VECTORS, y=LABELS, part=np.array(["train", "train", "test"]))
        columns = Columns(split="part", labels="y")
        problem = look(columns, gallery_embeddings=tmp_path / "x.npz").problems[0]
        assert problem == "gallery split: 3 for 4 gallery embeddings, expected one for each"
        with pytest.raises(BadInput) as caught:
            import_arrays(tmp_path / "out", tmp_path / "x.npz", columns=columns)
        assert str(caught.value) == problem


class TestSplitsWithNames:
    def test_names_of_both_are_joined_in_order(self, tmp_path):
        import_arrays(tmp_path / "out", VECTORS, np.array(list("caca")), VECTORS[:2], np.array(list("ba")))
        bundle = load_bundle(tmp_path / "out")
        assert bundle.class_names == ("a", "b", "c")
        assert bundle.labels("gallery").tolist() == [2, 0, 2, 0] and bundle.labels("queries").tolist() == [1, 0]

    def test_schemas_with_other_orders_are_joined_by_name(self, tmp_path):
        one = write_hub(tmp_path / "g.parquet", {"e": VECTORS, "label": LABELS}, names=["bee", "ant"])
        two = write_hub(tmp_path / "q.parquet", {"e": VECTORS, "label": LABELS}, names=["ant", "cat"])
        import_arrays(tmp_path / "out", one, query_embeddings=two)
        bundle = load_bundle(tmp_path / "out")
        assert bundle.class_names == ("bee", "ant", "cat")
        assert bundle.labels("gallery").tolist() == [1, 0, 1, 0] and bundle.labels("queries").tolist() == [2, 1, 2, 1]

    def test_given_names_put_text_in_their_order(self, tmp_path):
        import_arrays(tmp_path / "out", VECTORS, np.array(list("caca")), class_names=["c", "b", "a"])
        assert load_bundle(tmp_path / "out").labels("gallery").tolist() == [0, 2, 0, 2]
