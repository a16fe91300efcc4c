from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.bundle import bundle as bundles
from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter
from core.errors import BadInput


def file_of(bundle, spec):
    return bundle.path / spec["parts"][0]["file"]


def rewrite(bundle, change):
    """Change the manifest of a bundle on disk by hand."""
    path = bundle.path / "manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest))


def replace_array(bundle, place, array):
    """Put an array into a bundle in a way that its manifest knows of."""
    with BundleWriter(bundle.path) as writer:
        manifest = json.loads((bundle.path / "manifest.json").read_bytes())
        node = manifest
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] = writer.add_array(array)
        writer.commit(manifest)
    return load_bundle(bundle.path)


def test_what_the_tiny_bundle_holds(tiny_bundle):
    assert tiny_bundle.name == "tiny"
    assert tiny_bundle.dataset == "Tiny"
    assert tiny_bundle.class_names[:2] == ("class0", "class1")
    assert tiny_bundle.superclass_names == ("group0", "group1", "group2", "group3")
    assert tiny_bundle.superclass_of.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert tiny_bundle.encoders == ("semantic",)
    assert tiny_bundle.hierarchies == ("wordnet", "superclass")
    assert tiny_bundle.protocols == ("test-vs-test", "test-vs-train", "test-vs-test-with-self")
    assert tiny_bundle.splits == ("test", "train")
    assert (tiny_bundle.count("test"), tiny_bundle.count("train")) == (60, 150)
    assert tiny_bundle.encoder_info("semantic")["dimensions"] == 16
    assert tiny_bundle.weights_path("semantic") is None
    assert tiny_bundle.stored_hashes("semantic") == [("latent-sigmoid", 16)]
    assert tiny_bundle.stored_hash("semantic", "latent-sigmoid", 24) is None
    assert tiny_bundle.original_rows("test") is None


def test_defaults_are_a_copy(tiny_bundle):
    tiny_bundle.defaults["hash"] = "itq"
    assert tiny_bundle.defaults["hash"] == "latent-sigmoid"


def test_labels_and_predictions(tiny_bundle):
    labels, predicted = tiny_bundle.labels("test"), tiny_bundle.predicted("semantic", "test")
    assert labels.dtype == predicted.dtype == np.int64
    assert np.bincount(labels).tolist() == [6] * 10
    assert (labels != predicted).sum() == 12


def test_embeddings_are_unit_float32_in_one_block(tiny_bundle):
    vectors = tiny_bundle.embeddings("semantic", "train")
    assert vectors.dtype == np.float32
    assert vectors.shape == (150, 16)
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-6)
    stored = tiny_bundle.array(tiny_bundle.encoder_info("semantic")["embeddings"]["train"])
    assert stored.dtype == np.float16
    np.testing.assert_allclose(vectors, stored, atol=1e-3)


def test_the_tiny_bundle_is_fit_for_retrieval_tests(tiny_bundle):
    vectors, labels = tiny_bundle.embeddings("semantic", "test"), tiny_bundle.labels("test")
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -2)
    assert 0.4 < (labels[similarity.argmax(1)] == labels).mean() < 1  # chance is about .1
    assert (vectors[3] == vectors[40]).all()  # a tie
    entry = tiny_bundle.stored_hash("semantic", "latent-sigmoid", 16)
    projections = tiny_bundle.array(entry["projections"]["test"])
    assert (tiny_bundle.array(entry["codes"]["test"]) == np.packbits(projections > 0, axis=1)).all()


def test_arrays_are_read_only_and_made_once(tiny_bundle):
    calls = {
        "embeddings": lambda: tiny_bundle.embeddings("semantic", "test"),
        "labels": lambda: tiny_bundle.labels("test"),
        "predicted": lambda: tiny_bundle.predicted("semantic", "test"),
        "superclass_of": lambda: tiny_bundle.superclass_of,
    }
    for name, call in calls.items():
        assert call() is call(), name
        with pytest.raises(ValueError, match="read-only"):
            call()[0] = 0
    codes = tiny_bundle.array(tiny_bundle.stored_hash("semantic", "latent-sigmoid", 16)["codes"]["test"])
    with pytest.raises(ValueError, match="read-only"):
        codes[0] = 0
    assert tiny_bundle.hierarchy("wordnet") is tiny_bundle.hierarchy("wordnet")


def test_threads_that_ask_at_once_share_one_result(make_bundle, monkeypatch):
    bundle, made, found = make_bundle(), [], []
    slow = bundles.comparable_rows

    def comparable_rows(*args):
        made.append(1)
        time.sleep(0.05)
        return slow(*args)

    monkeypatch.setattr(bundles, "comparable_rows", comparable_rows)
    barrier = threading.Barrier(4)

    def ask():
        barrier.wait()
        found.append(bundle.embeddings("semantic", "test"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(found) == 4
    assert all(vectors is found[0] for vectors in found)


def test_hierarchies_of_the_tiny_bundle(tiny_bundle):
    superclass = tiny_bundle.hierarchy("superclass").similarity()
    assert superclass[0].tolist() == [1, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0]
    wordnet = tiny_bundle.hierarchy("wordnet").similarity()
    np.testing.assert_allclose(wordnet[0, [0, 1, 3, 6]], [1, 2 / 3, 1 / 3, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b: b.labels("tset"), "unknown split 'tset': .* did you mean 'test'"),
        (lambda b: b.count("dev"), "unknown split 'dev'"),
        (lambda b: b.embeddings("semantik", "test"), "unknown encoder 'semantik': .* did you mean 'semantic'"),
        (lambda b: b.embeddings("semantic", "dev"), "unknown split 'dev'"),
        (lambda b: b.predicted("semantic", "dev"), "unknown split 'dev'"),
        (lambda b: b.stored_hashes("other"), "unknown encoder 'other'"),
        (lambda b: b.weights_path("other"), "unknown encoder 'other'"),
        (lambda b: b.hierarchy("word-net"), "unknown hierarchy 'word-net': .* did you mean 'wordnet'"),
    ],
)
def test_unknown_names_are_refused(tiny_bundle, call, message):
    with pytest.raises(BadInput, match=message):
        call(tiny_bundle)


def test_embeddings_and_predictions_that_are_not_there(make_bundle):
    bundle = make_bundle()

    def drop(manifest):
        del manifest["encoders"]["semantic"]["embeddings"]["train"]
        manifest["encoders"]["semantic"]["predicted"] = {}

    rewrite(bundle, drop)
    bundle = load_bundle(bundle.path)
    assert bundle.predicted("semantic", "test") is None
    with pytest.raises(BadInput, match="no embeddings of 'train' by 'semantic'; it has test"):
        bundle.embeddings("semantic", "train")


def test_no_bundle(tmp_path):
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(BadInput, match=r"no bundle in .*expected a folder with manifest.json"):
            load_bundle(path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="no bundle in"):
        load_bundle(tmp_path / "file")


def test_the_shipped_bundle_is_the_default(make_bundle, monkeypatch):
    bundle = make_bundle()
    monkeypatch.setattr(bundles, "SHIPPED", bundle.path)
    assert load_bundle().version == bundle.version
    assert (Path(bundles.__file__).parents[2] / "precomputed").resolve() != bundle.path


def test_the_version_follows_the_manifest(make_bundle):
    one, same, other = make_bundle("a", 0), make_bundle("b", 0), make_bundle("c", 1)
    assert one.version == same.version != other.version
    assert len(one.version) == 12
    assert set(one.version) <= set("0123456789abcdef")


def test_a_manifest_of_another_version_is_refused(make_bundle):
    bundle = make_bundle()
    rewrite(bundle, lambda manifest: manifest.update(format=2))
    with pytest.raises(BadInput, match=r"manifest.json' has format 2, this program reads 1"):
        load_bundle(bundle.path)


def test_a_missing_file_is_named_on_opening(make_bundle):
    bundle = make_bundle()
    path = file_of(bundle, bundle.manifest["splits"]["train"]["labels"])
    path.unlink()
    with pytest.raises(BadInput, match=f"{path.name}' is missing"):
        load_bundle(bundle.path)
    with pytest.raises(BadInput, match=f"{path.name}' is missing"):  # removed after opening
        bundle.labels("train")


def test_a_missing_tree_is_named_on_opening(make_bundle):
    bundle = make_bundle()
    (bundle.path / bundle.manifest["hierarchies"]["wordnet"]["file"]).unlink()
    with pytest.raises(BadInput, match=r"wordnet.* is missing"):
        load_bundle(bundle.path)


@pytest.mark.parametrize(("cut", "where"), [(1, "reading"), (200, "opening"), (10_000, "opening")])
def test_a_truncated_array_is_refused(make_bundle, cut, where):
    bundle = make_bundle()
    path = file_of(bundle, bundle.encoder_info("semantic")["embeddings"]["test"])
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    with pytest.raises(BadInput, match=path.name):
        bundle.embeddings("semantic", "test")  # truncated while the bundle was open
    if where == "opening":
        with pytest.raises(BadInput, match=f"{path.name}' is truncated: "):
            load_bundle(bundle.path)
    else:  # the numbers alone would fit, the header takes the room
        load_bundle(bundle.path)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((60, 17), np.float16),
        np.zeros((61, 16), np.float16),
        np.zeros((60, 16), np.float32),
        np.zeros((60, 16), ">f2"),
        np.zeros((16, 60), np.float16).T,
    ],
    ids=["wider", "longer", "float32", "big-endian", "column-major"],
)
def test_an_array_other_than_its_manifest_says_is_refused(make_bundle, array):
    bundle = make_bundle()
    path = file_of(bundle, bundle.encoder_info("semantic")["embeddings"]["test"])
    with path.open("wb") as file:
        np.save(file, array)
    with pytest.raises(BadInput, match=f"{path.name}' holds"):
        load_bundle(bundle.path).embeddings("semantic", "test")


def test_pickles_are_never_loaded(make_bundle, tmp_path):
    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self):
            return (Path.touch, (trap,))

    bundle = make_bundle()
    path = file_of(bundle, bundle.manifest["splits"]["test"]["labels"])
    with path.open("wb") as file:
        np.save(file, np.array([Trap()] * 200, dtype=object), allow_pickle=True)
    with pytest.raises(BadInput, match=r"no readable \.npy array"):
        load_bundle(bundle.path).labels("test")
    assert not trap.exists()


def test_verify_finds_one_altered_bit(make_bundle):
    bundle = make_bundle()
    bundle.verify()
    path = file_of(bundle, bundle.encoder_info("semantic")["embeddings"]["train"])
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    opened = load_bundle(bundle.path)
    with pytest.raises(BadInput, match=f"{path.name}' has SHA-256 .* was altered"):
        load_bundle(bundle.path, verify=True)
    with pytest.raises(BadInput, match=f"{path.name}' has SHA-256 .* was altered"):
        opened.embeddings("semantic", "train")
    opened.embeddings("semantic", "test")


def test_altered_codes_are_refused_where_they_are_used(make_bundle):
    bundle = make_bundle()
    spec = bundle.manifest["hashes"][0]["codes"]["test"]
    path = file_of(bundle, spec)
    path.write_bytes(path.read_bytes()[:-1] + b"\x5a")
    with pytest.raises(BadInput, match=f"{path.name}' has SHA-256 .* was altered"):
        bundle.array(spec)


def test_a_checksum_is_compared_once(make_bundle, monkeypatch):
    bundle, seen = make_bundle(), []
    monkeypatch.setattr(bundles, "check_sum", lambda folder, entry: seen.append(entry["file"]))
    spec = bundle.manifest["hashes"][0]["codes"]["test"]
    bundle.array(spec)
    bundle.array(spec)
    assert seen == [spec["parts"][0]["file"]]


def test_an_altered_tree_is_refused_where_it_is_used(make_bundle):
    bundle = make_bundle()
    path = bundle.path / bundle.manifest["hierarchies"]["wordnet"]["file"]
    path.write_text(path.read_text().replace("animal group1", "thing group1"))
    with pytest.raises(BadInput, match=r"wordnet.* was altered"):
        bundle.hierarchy("wordnet")
    bundle.hierarchy("superclass")


@pytest.mark.parametrize(("value", "message"), [(np.nan, "NaN or infinity"), (np.inf, "NaN or infinity"), (0, "zero")])
def test_embeddings_without_direction_are_named_by_row(make_bundle, value, message):
    vectors = np.ones((150, 16), dtype=np.float16)
    vectors[77] = value
    bundle = replace_array(make_bundle(), ("encoders", "semantic", "embeddings", "train"), vectors)
    with pytest.raises(BadInput, match=f"embeddings of 'train' by 'semantic'.*row 77 .*{message}"):
        bundle.embeddings("semantic", "train")
    bundle.embeddings("semantic", "test")


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_without_a_class_are_named_by_row(make_bundle, label):
    labels = np.zeros(60, dtype=np.int16)
    labels[5] = label
    bundle = replace_array(make_bundle(), ("splits", "test", "labels"), labels)
    with pytest.raises(BadInput, match=f"labels of 'test'.*row 5 .*class {label}, expected 0 to 9"):
        bundle.labels("test")


def test_opening_is_quick_and_imports_nothing_heavy(tiny_bundle):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        load_bundle(tiny_bundle.path)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05
    heavy = {"torch", "numba", "pandas", "pyarrow", "streamlit", "sklearn", "scipy"}
    code = "import sys, core.bundle.bundle, core.bundle.writer, core.datasets.arrays"
    code += f"; print(sorted({heavy} & set(sys.modules)))"
    root = Path(bundles.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def compare_by_inner_product(bundle, vectors):
    """The bundle with other training embeddings, compared as they are."""
    bundle = replace_array(bundle, ("encoders", "semantic", "embeddings", "train"), vectors)
    rewrite(bundle, lambda manifest: manifest["encoders"]["semantic"].update(similarity="inner-product"))
    return load_bundle(bundle.path)


def test_cosine_is_the_default(tiny_bundle, make_bundle):
    assert "similarity" not in tiny_bundle.encoder_info("semantic")
    assert tiny_bundle.similarity("semantic") == "cosine"
    with pytest.raises(BadInput, match="unknown encoder 'other'"):
        tiny_bundle.similarity("other")
    bundle = make_bundle()
    rewrite(bundle, lambda manifest: manifest["encoders"]["semantic"].update(similarity="cosine"))
    said = load_bundle(bundle.path)
    assert (said.embeddings("semantic", "test") == tiny_bundle.embeddings("semantic", "test")).all()


def test_embeddings_for_inner_products_stay_as_they_are(make_bundle):
    vectors = (5 * np.random.default_rng(0).normal(size=(150, 16))).astype(np.float16)
    bundle = compare_by_inner_product(make_bundle(), vectors)
    found = bundle.embeddings("semantic", "train")
    assert bundle.similarity("semantic") == "inner-product"
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert (found == vectors).all()
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


@pytest.mark.parametrize(("value", "message"), [(np.nan, "NaN or infinity"), (0, "zero"), (1e18, "long")])
def test_embeddings_that_cannot_be_multiplied_are_named_by_row(make_bundle, value, message):
    vectors = np.ones((150, 16), dtype=np.float32)
    vectors[77] = value
    bundle = compare_by_inner_product(make_bundle(), vectors)
    with pytest.raises(BadInput, match=f"embeddings of 'train' by 'semantic'.*row 77 .*{message}"):
        bundle.embeddings("semantic", "train")


def test_near_duplicates_are_read_by_their_splits(doubled_bundle, tiny_bundle):
    assert doubled_bundle.near_duplicates("test", "train").tolist() == [[3, 50], [7, 2]]
    assert len(doubled_bundle.near_duplicates("test", "test")) == 3
    assert doubled_bundle.near_duplicates("train", "test") is None
    assert tiny_bundle.near_duplicates("test", "test") is None
