from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.bundle.vectors import plain_rows
from core.datasets.array_preview import preview_arrays
from core.datasets.arrays import import_arrays
from core.errors import BadInput

RNG = np.random.default_rng(0)
GALLERY = RNG.normal(size=(80, 60)).astype(np.float32)
QUERIES = RNG.normal(size=(20, 60)).astype(np.float32)
GALLERY_LABELS = np.arange(80) % 4
QUERY_LABELS = np.arange(20) % 4
GALLERY_CODES = np.packbits(GALLERY[:, :12] > 0, axis=1)
QUERY_CODES = np.packbits(QUERIES[:, :12] > 0, axis=1)


@pytest.fixture
def options(tmp_path):
    """All that can be imported: change one thing to see what happens."""
    (tmp_path / "names.txt").write_text("cat\ndog\noak\nelm\n")
    (tmp_path / "tree.txt").write_text("all animal\nall tree\nanimal cat\nanimal dog\ntree oak\ntree elm\n")
    return {
        "gallery_embeddings": GALLERY,
        "gallery_labels": GALLERY_LABELS,
        "query_embeddings": QUERIES,
        "query_labels": QUERY_LABELS,
        "gallery_codes": GALLERY_CODES,
        "query_codes": QUERY_CODES,
        "bits": 12,
        "class_names": tmp_path / "names.txt",
        "hierarchy_file": tmp_path / "tree.txt",
    }


def unit(rows):
    rows = rows.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_everything_imported_is_called_imported_and_is_the_default(tmp_path, options):
    assert import_arrays(tmp_path / "mine", **options) == ()
    bundle = load_bundle(tmp_path / "mine", verify=True)
    assert bundle.encoders == bundle.hierarchies == ("imported",)
    assert bundle.protocols == ("queries-vs-gallery",)
    assert set(bundle.splits) == {"gallery", "queries"}
    assert bundle.class_names == ("cat", "dog", "oak", "elm")
    assert bundle.defaults == {
        "encoder": "imported",
        "hash": "imported",
        "bits": 12,
        "protocol": "queries-vs-gallery",
        "hierarchy": "imported",
    }
    entry = bundle.stored_hash("imported", "imported", 12)
    assert (bundle.array(entry["codes"]["gallery"]) == GALLERY_CODES).all()
    assert (bundle.array(entry["codes"]["queries"]) == QUERY_CODES).all()
    assert (bundle.labels("gallery") == GALLERY_LABELS).all()
    assert (bundle.labels("queries") == QUERY_LABELS).all()
    np.testing.assert_allclose(bundle.embeddings("imported", "gallery"), unit(GALLERY), atol=1e-6)
    np.testing.assert_allclose(bundle.embeddings("imported", "queries"), unit(QUERIES), atol=1e-6)
    assert bundle.hierarchy("imported").similarity()[0].tolist() == [1, 0.5, 0, 0]


def test_the_least_that_can_be_imported(tmp_path):
    import_arrays(tmp_path / "mine", GALLERY, GALLERY_LABELS)
    bundle = load_bundle(tmp_path / "mine")
    assert bundle.splits == ("gallery",)
    assert bundle.protocols == ("leave-one-out",)
    assert bundle.class_names == ("0", "1", "2", "3")
    assert (bundle.hierarchy("imported").similarity() == np.eye(4)).all()
    assert bundle.manifest["hashes"] == []
    assert bundle.defaults["protocol"] == "leave-one-out"
    assert (bundle.defaults["hash"], bundle.defaults["bits"]) == ("itq", 48)


@pytest.mark.parametrize(
    ("rows", "dimensions", "expected"),
    [(80, 60, ("itq", 48)), (80, 47, ("itq", 40)), (80, 8, ("itq", 8)), (80, 7, ("random-hyperplane", 48)),
     (20, 60, ("random-hyperplane", 48))],
)  # fmt: skip
def test_the_default_hash_is_one_that_can_be_fitted(tmp_path, rows, dimensions, expected):
    import_arrays(tmp_path / "mine", GALLERY[:rows, :dimensions], GALLERY_LABELS[:rows])
    defaults = load_bundle(tmp_path / "mine").defaults
    assert (defaults["hash"], defaults["bits"]) == expected


def test_flat_data_falls_back_to_random_hyperplanes(tmp_path):
    import_arrays(tmp_path / "mine", np.eye(60, dtype=np.float32)[GALLERY_LABELS], GALLERY_LABELS)
    assert load_bundle(tmp_path / "mine").defaults["hash"] == "random-hyperplane"


@pytest.mark.parametrize(
    ("given", "stored"), [("f2", "float16"), ("f4", "float32"), ("f8", "float32"), (">f4", "float32")]
)
def test_precision_is_kept_and_float64_becomes_float32(tmp_path, given, stored):
    import_arrays(tmp_path / "mine", GALLERY.astype(given), GALLERY_LABELS)
    bundle = load_bundle(tmp_path / "mine")
    spec = bundle.encoder_info("imported")["embeddings"]["gallery"]
    assert spec["dtype"] == stored
    assert (bundle.array(spec) == GALLERY.astype(stored)).all()


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u4", "i8", "u8"])
def test_labels_of_any_integer_type(tmp_path, dtype):
    import_arrays(tmp_path / "mine", GALLERY, GALLERY_LABELS.astype(dtype))
    assert (load_bundle(tmp_path / "mine").labels("gallery") == GALLERY_LABELS).all()


def test_the_same_arrays_give_the_same_bundle(tmp_path, options):
    for name in ("a", "b"):
        import_arrays(tmp_path / name, **options, shuffle=3)
    assert load_bundle(tmp_path / "a").version == load_bundle(tmp_path / "b").version


def test_shuffle_permutes_the_gallery_alone_and_keeps_rows_together(tmp_path, options):
    import_arrays(tmp_path / "mine", **options, shuffle=7)
    bundle = load_bundle(tmp_path / "mine")
    rows = bundle.original_rows("gallery")
    assert sorted(rows) == list(range(80))
    assert (rows != np.arange(80)).any()
    assert (bundle.labels("gallery") == GALLERY_LABELS[rows]).all()
    np.testing.assert_allclose(bundle.embeddings("imported", "gallery"), unit(GALLERY[rows]), atol=1e-6)
    codes = bundle.stored_hash("imported", "imported", 12)["codes"]["gallery"]
    assert (bundle.array(codes) == GALLERY_CODES[rows]).all()
    assert bundle.original_rows("queries") is None
    assert (bundle.labels("queries") == QUERY_LABELS).all()
    import_arrays(tmp_path / "other", **options, shuffle=8)
    assert (load_bundle(tmp_path / "other").original_rows("gallery") != rows).any()


@pytest.mark.parametrize(
    ("labels", "warned"),
    [(np.arange(80) // 20, True), (3 - np.arange(80) // 20, True), (np.array([2, 0, 3, 1])[np.arange(80) // 20], True),
     (GALLERY_LABELS, False), (np.zeros(80, int), False)],
    ids=["ascending", "descending", "grouped", "mixed", "one class"],
)  # fmt: skip
def test_a_gallery_sorted_by_label_draws_a_warning(tmp_path, labels, warned):
    warnings = import_arrays(tmp_path / "mine", GALLERY, labels)
    assert len(warnings) == warned
    assert all(warning.code == "gallery-sorted" and "; import it shuffled" in warning for warning in warnings)
    assert import_arrays(tmp_path / "mine", GALLERY, labels, shuffle=0) == ()


def test_sorted_queries_draw_no_warning(tmp_path):
    assert import_arrays(tmp_path / "mine", GALLERY, GALLERY_LABELS, QUERIES, np.arange(20) // 5) == ()


@pytest.mark.parametrize("leaf", [str, lambda c: ("cat", "dog", "oak", "elm")[c]], ids=["numbers", "names"])
def test_leaves_are_class_names_or_numbers(tmp_path, options, leaf):
    text = f"all a\nall b\na {leaf(0)}\na {leaf(1)}\nb {leaf(2)}\nb {leaf(3)}\n"
    options["hierarchy_file"].write_text(text)
    import_arrays(tmp_path / "mine", **options)
    assert load_bundle(tmp_path / "mine").hierarchy("imported").similarity()[2].tolist() == [0, 0, 1, 0.5]


@pytest.mark.parametrize("names", [["root", "a", "b", "c"], ["my cat", "1", "0", "x y"], ["3", "2", "1", "0"]])
def test_a_flat_tree_suits_any_class_names(tmp_path, names):
    import_arrays(tmp_path / "mine", GALLERY, GALLERY_LABELS, class_names=names)
    bundle = load_bundle(tmp_path / "mine")
    assert bundle.class_names == tuple(names)
    assert (bundle.hierarchy("imported").similarity() == np.eye(4)).all()


def test_an_existing_bundle_is_replaced(tmp_path, options):
    import_arrays(tmp_path / "mine", **options)
    import_arrays(tmp_path / "mine", QUERIES, QUERY_LABELS)
    bundle = load_bundle(tmp_path / "mine", verify=True)
    assert bundle.count("gallery") == 20
    assert len(list((tmp_path / "mine" / "arrays").iterdir())) == 2


def with_row(array, row, value):
    array = array.copy()
    array[row] = value
    return array


BAD = {
    "NaN": ({"gallery_embeddings": with_row(GALLERY, 5, np.nan)}, r"gallery embeddings: row 5 .*NaN or infinity"),
    "infinity": ({"query_embeddings": with_row(QUERIES, 19, np.inf)}, r"query embeddings: row 19 .*NaN or infinity"),
    "too large": ({"gallery_embeddings": GALLERY.astype("f8") * 1e300}, r"row 0 .*NaN or infinity"),
    "zero row": ({"gallery_embeddings": with_row(GALLERY, 0, 0)}, r"gallery embeddings: row 0 .*all zero"),
    "integers": ({"gallery_embeddings": GALLERY.astype(int)}, "of type int64: expected float16"),
    "complex": ({"gallery_embeddings": GALLERY.astype(complex)}, "of type complex128: expected numbers"),
    "1-d": ({"gallery_embeddings": GALLERY[:, 0]}, r"shape \(80,\): expected \(N, dimensions\)"),
    "3-d": ({"gallery_embeddings": GALLERY[None]}, r"expected \(N, dimensions\)"),
    "no rows": ({"gallery_embeddings": GALLERY[:0]}, "gallery embeddings is empty"),
    "no queries": ({"query_embeddings": QUERIES[:0], "query_labels": QUERY_LABELS[:0]}, "query embeddings is empty"),
    "no columns": ({"gallery_embeddings": GALLERY[:, :0]}, "is empty"),
    "dimensions": ({"query_embeddings": QUERIES[:, :59]}, "query embeddings have 59 dimensions, gallery embeddings 60"),
    "objects": ({"gallery_embeddings": GALLERY.astype(object)}, "Python objects"),
    "texts": ({"gallery_labels": np.array(["cat", "cow"] * 40)}, "row 1 .*'cow', which is none of the 4 class"),
    "bytes": ({"gallery_labels": GALLERY_LABELS.astype(bytes)}, r"of type \|S"),
    "text vectors": ({"gallery_embeddings": GALLERY.astype(str)}, "of type <U.*: expected float16"),
    "few labels": ({"gallery_labels": GALLERY_LABELS[:79]}, "gallery labels: 79 for 80 gallery embeddings"),
    "many labels": ({"query_labels": GALLERY_LABELS}, "query labels: 80 for 20 query embeddings"),
    "label -1": ({"gallery_labels": with_row(GALLERY_LABELS, 3, -1)}, "gallery labels: row 3 .* is -1"),
    "huge label": ({"gallery_labels": with_row(GALLERY_LABELS, 3, 10**9)}, "row 3 .* is 1000000000"),
    "no name": ({"query_labels": with_row(QUERY_LABELS, 7, 4)}, "queries: row 7 .*label 4, which has no class name"),
    "float labels": ({"gallery_labels": GALLERY_LABELS + 0.5}, "type float64: expected integers"),
    "true or false": ({"gallery_labels": GALLERY_LABELS > 1}, "type bool: expected numbers"),
    "2-d labels": ({"gallery_labels": GALLERY_LABELS[:, None]}, r"shape \(80, 1\): expected \(N,\)"),
    "narrow codes": ({"gallery_codes": GALLERY_CODES[:, :1]}, r"gallery codes .*\(80, 1\)"),
    "wide codes": ({"bits": 8}, r"gallery codes .*\(80, 2\)"),
    "signed codes": ({"query_codes": QUERY_CODES.astype(np.int8)}, "query codes .*int8"),
    "tail bits": ({"query_codes": QUERY_CODES | 1}, "query codes have bits set after bit 12"),
    "few codes": ({"query_codes": QUERY_CODES[:9]}, "query codes: 9 for 20 query embeddings"),
    "no bits": ({"bits": None}, "codes and their bits go together"),
    "bits alone": ({"gallery_codes": None, "query_codes": None}, "codes and their bits go together"),
    "few bits": ({"bits": 7}, "bits 7 is outside 8 to 128"),
    "many bits": ({"bits": 129}, "bits 129 is outside 8 to 128"),
    "one side coded": ({"query_codes": None}, "gallery codes without query codes"),
    "other side coded": ({"gallery_codes": None}, "query codes without gallery codes"),
    "no query labels": ({"query_labels": None}, "query embeddings and query labels go together"),
    "query codes alone": ({"query_embeddings": None, "query_labels": None}, "query codes without query embeddings"),
    "seed": ({"shuffle": -1}, "seed -1 is negative"),
    "no tree": ({"hierarchy_file": "gone.txt"}, "cannot read the tree 'gone.txt'"),
    "no names": ({"class_names": "gone.txt"}, "cannot read the class names 'gone.txt'"),
    "empty names": ({"class_names": []}, "class names: there is none"),
    "blank name": ({"class_names": ["a", "", "b", "c"]}, "line 2 is empty"),
    "double name": ({"class_names": ["a", "b", "a", "c"]}, "'a' is on line 1 and on line 3"),
    "other names": ({"class_names": ["a", "b", "c", "d"]}, "no leaf for the class 'a'"),
    "missing file": ({"gallery_embeddings": "gone.npy"}, r"gallery embeddings 'gone.npy' is missing"),
    "other kind": ({"gallery_embeddings": "gone.csv"}, r"no array file: expected a name that ends in .npy"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_line_and_writes_nothing(tmp_path, options, change, message):
    with pytest.raises(BadInput, match=message) as caught:
        import_arrays(tmp_path / "mine", **{**options, **change})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "mine").exists()


def test_bad_input_leaves_an_old_bundle_as_it_was(tmp_path, options):
    import_arrays(tmp_path / "mine", **options)
    before = {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    with pytest.raises(BadInput):
        import_arrays(tmp_path / "mine", **{**options, "query_labels": QUERY_LABELS[:3]})
    assert {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()} == before


def test_one_image_cannot_query_itself(tmp_path):
    with pytest.raises(BadInput, match="a gallery of 1 image"):
        import_arrays(tmp_path / "mine", GALLERY[:1], GALLERY_LABELS[:1])
    import_arrays(tmp_path / "mine", GALLERY[:1], GALLERY_LABELS[:1], QUERIES, QUERY_LABELS)


@pytest.mark.parametrize("data", [b"\xff\xfe\xfa", b"", b"all\n", b"a b\nb a\n"])
def test_an_unreadable_tree_is_refused(tmp_path, options, data):
    options["hierarchy_file"].write_bytes(data)
    with pytest.raises(BadInput, match=r"tree.txt"):
        import_arrays(tmp_path / "mine", **options)
    assert not (tmp_path / "mine").exists()


def test_a_folder_with_other_things_is_refused_and_kept(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(BadInput, match=r"holds 'thesis.tex' and is no bundle"):
        import_arrays(tmp_path / "mine", GALLERY, GALLERY_LABELS)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_class_names_file_of_windows(tmp_path, options):
    options["class_names"].write_bytes("\ufeffcat\r\ndog\r\noak\r\nelm\r\n\r\n".encode())
    import_arrays(tmp_path / "mine", **options)
    assert load_bundle(tmp_path / "mine").class_names == ("cat", "dog", "oak", "elm")


def write_npz(folder):
    np.savez(folder / "all.npz", embeddings=GALLERY, labels=GALLERY_LABELS, codes=GALLERY_CODES)
    return [folder / "all.npz"] * 3


def write_npy(folder):
    for name, array in (("e", GALLERY), ("l", GALLERY_LABELS), ("c", GALLERY_CODES)):
        np.save(folder / f"{name}.npy", array)
    return [folder / f"{name}.npy" for name in "elc"]


def write_parquet(folder, kind="list"):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    make = {"list": lambda t, d: pa.list_(t), "large": lambda t, d: pa.large_list(t), "fixed": pa.list_}[kind]
    columns = {
        "id": pa.array([f"image {i}" for i in range(80)]),
        "embeddings": pa.array(GALLERY.tolist(), make(pa.float32(), 60)),
        "labels": pa.array(GALLERY_LABELS),
        "codes": pa.array(GALLERY_CODES.tolist(), make(pa.uint8(), 2)),
    }
    pq.write_table(pa.table(columns), folder / "all.parquet", row_group_size=30)
    return [folder / "all.parquet"] * 3


@pytest.mark.parametrize(
    "write",
    [write_npy, write_npz, write_parquet, lambda f: write_parquet(f, "large"), lambda f: write_parquet(f, "fixed")],
    ids=["npy", "npz", "parquet", "parquet large", "parquet fixed"],
)
def test_every_kind_of_file_gives_the_same_bundle(tmp_path, write):
    embeddings, labels, codes = write(tmp_path)
    import_arrays(tmp_path / "files", embeddings, labels, gallery_codes=codes, bits=12)
    import_arrays(tmp_path / "arrays", GALLERY, GALLERY_LABELS, gallery_codes=GALLERY_CODES, bits=12)
    assert load_bundle(tmp_path / "files").version == load_bundle(tmp_path / "arrays").version


def test_npz_and_parquet_without_the_array_asked_for(tmp_path):
    np.savez(tmp_path / "x.npz", a=GALLERY, b=GALLERY)
    with pytest.raises(BadInput, match=r"x.npz' has no array 'embeddings': it has a, b"):
        import_arrays(tmp_path / "mine", tmp_path / "x.npz", GALLERY_LABELS)
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "x.parquet")
    with pytest.raises(BadInput, match=r"x.parquet' has no column 'embeddings': it has a, b"):
        import_arrays(tmp_path / "mine", tmp_path / "x.parquet", GALLERY_LABELS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, 2.0], [1.0]], r"row 1 .*has 1 numbers, row 0 has 2"),
        ([[1.0, 2.0], None], "row 1 .*is empty"),
        ([None, [1.0, 2.0]], "row 0 .*is empty"),
        ([[1.0, 2.0], [1.0, None]], "row 1 .*lacks a number"),
        ([["a"], ["b"]], "holds string: expected numbers"),
        (["a", "b"], "holds string: expected numbers"),
        ([[[1.0]], [[2.0]]], "holds list.*expected numbers"),
        ([1.0, 2.0], r"shape \(2,\): expected \(N, dimensions\)"),
        ([[], []], "is empty"),
    ],
)
def test_parquet_columns_that_are_no_matrix(tmp_path, rows, message):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"embeddings": pa.array(rows, None if rows != [[], []] else pa.list_(pa.float32()))}),
                   tmp_path / "x.parquet")  # fmt: skip
    with pytest.raises(BadInput, match=message):
        import_arrays(tmp_path / "mine", tmp_path / "x.parquet", np.array([0, 1]))
    assert not (tmp_path / "mine").exists()


class Trap:
    """Leaves a file behind if it is ever unpickled."""

    path = Path("unset")

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", ["pickle.npy", "object.npy", "object.npz", "pickle.npz", "pickle.parquet"])
def test_pickles_are_never_loaded(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(Trap, "path", tmp_path / "sprung")
    path = tmp_path / kind
    objects = np.array([Trap()], dtype=object)
    if kind == "object.npz":
        np.savez(path, embeddings=objects)
    elif kind == "object.npy":
        np.save(path, objects, allow_pickle=True)
    else:
        path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadInput, match=path.name) as caught:
        import_arrays(tmp_path / "mine", path, GALLERY_LABELS)
    assert not (tmp_path / "sprung").exists()
    assert kind in ("pickle.npz", "pickle.parquet") or "never loaded" in str(caught.value)


@pytest.mark.parametrize("write", [write_npy, write_npz, write_parquet], ids=["npy", "npz", "parquet"])
@pytest.mark.parametrize("keep", [0, 7, 0.5, 0.99])
def test_truncated_files_are_refused(tmp_path, write, keep):
    path = write(tmp_path)[0]
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(BadInput, match=path.name) as caught:
        import_arrays(tmp_path / "mine", path, GALLERY_LABELS)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("write", [write_npy, write_npz, write_parquet], ids=["npy", "npz", "parquet"])
def test_any_damage_is_bad_input_or_another_bundle(tmp_path, write):
    path, rng = write(tmp_path)[0], np.random.default_rng(0)
    data = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(40):
        damaged = data.copy()
        # headers lie at either end
        places = rng.choice([*range(150), *range(len(data) - 600, len(data))], rng.integers(1, 4))
        damaged[places] = rng.integers(0, 256, len(places))
        path.write_bytes(damaged.tobytes())
        looked_at = {"gallery_embeddings": path, "gallery_labels": GALLERY_LABELS}
        for call in (
            lambda: import_arrays(tmp_path / "mine", path, GALLERY_LABELS),
            partial(preview_arrays, looked_at),
        ):
            try:
                call()
            except BadInput as error:
                assert "\n" not in str(error)


def test_embeddings_to_be_compared_by_inner_product_keep_their_length(tmp_path):
    vectors = GALLERY * np.linspace(0.5, 40, len(GALLERY), dtype=np.float32)[:, None]
    import_arrays(tmp_path / "cosine", vectors, GALLERY_LABELS)
    import_arrays(tmp_path / "inner", vectors, GALLERY_LABELS, similarity="inner-product")
    cosine, inner = load_bundle(tmp_path / "cosine"), load_bundle(tmp_path / "inner")
    assert "similarity" not in cosine.encoder_info("imported")
    assert (cosine.similarity("imported"), inner.similarity("imported")) == ("cosine", "inner-product")
    assert np.array_equal(
        inner.embeddings("imported", "gallery"), plain_rows([vectors.astype(np.float32)], vectors.shape, "vectors")
    )
    assert np.allclose(np.linalg.norm(cosine.embeddings("imported", "gallery"), axis=1), 1, atol=1e-6)


def test_a_similarity_that_there_is_not_and_vectors_too_long_for_it_change_nothing(tmp_path):
    with pytest.raises(BadInput, match="unknown similarity 'dot': expected one of cosine, inner-product"):
        import_arrays(tmp_path / "mine", GALLERY, GALLERY_LABELS, similarity="dot")
    vectors = GALLERY.astype(np.float32).copy()
    vectors[4] = 1e18
    with pytest.raises(BadInput, match=r"gallery embeddings: row 4 .*long.*or compare them by cosine"):
        import_arrays(tmp_path / "mine", vectors, GALLERY_LABELS, similarity="inner-product")
    assert not (tmp_path / "mine").exists()
    import_arrays(tmp_path / "mine", vectors, GALLERY_LABELS)
