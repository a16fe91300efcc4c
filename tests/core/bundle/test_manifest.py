from __future__ import annotations

import copy
import json

import pytest

from core.bundle import manifest as manifests
from core.errors import BadInput


@pytest.fixture
def manifest(tiny_bundle):
    return copy.deepcopy(tiny_bundle.manifest)


def put(manifest, path, value):
    *above, last = path
    node = manifest
    for key in above:
        node = node[key]
    if value is KeyError:
        del node[last]
    else:
        node[last] = value
    return manifest


def test_dump_and_parse_give_the_same_manifest_and_the_same_bytes(manifest):
    data = manifests.dump(manifest)
    assert manifests.parse(data) == manifest
    assert manifests.dump(manifests.parse(data)) == data


def test_names_in_other_scripts_survive(manifest):
    manifest["classes"][0] = "čtyři"
    assert "čtyři".encode() in manifests.dump(manifest)
    assert manifests.parse(manifests.dump(manifest))["classes"][0] == "čtyři"


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_not_json_is_refused(data):
    with pytest.raises(BadInput, match=r"m\.json is not JSON"):
        manifests.parse(data, "m.json")


@pytest.mark.parametrize("data", [b"[]", b"3", b'"format"', b"null", b'{"dataset": "x"}'])
def test_json_that_is_no_manifest_is_refused(data):
    with pytest.raises(BadInput, match="is no bundle's manifest"):
        manifests.parse(data)


@pytest.mark.parametrize("version", [0, 2, "1", 1.0, True, None])
def test_another_format_version_is_refused(manifest, version):
    manifest["format"] = version
    with pytest.raises(BadInput, match=r"has format .*, this program reads 1"):
        manifests.parse(json.dumps(manifest).encode())


@pytest.mark.parametrize(
    "path",
    [
        ("dataset",), ("made",), ("classes",), ("splits",), ("hierarchies",), ("encoders",), ("hashes",),
        ("protocols",), ("defaults",), ("superclasses",), ("superclass_of",),
        ("splits", "test", "count"), ("splits", "test", "labels"),
        ("splits", "test", "labels", "shape"), ("splits", "test", "labels", "dtype"),
        ("splits", "test", "labels", "parts"), ("splits", "test", "labels", "parts", 0, "rows"),
        ("splits", "test", "labels", "parts", 0, "file"), ("splits", "test", "labels", "parts", 0, "sha256"),
        ("hierarchies", "wordnet", "file"), ("encoders", "semantic", "dimensions"), ("encoders", "semantic", "made"),
        ("hashes", 0, "encoder"), ("hashes", 0, "hash"), ("hashes", 0, "bits"),
        ("defaults", "encoder"), ("defaults", "hash"), ("defaults", "protocol"), ("defaults", "hierarchy"),
    ],
)  # fmt: skip
def test_a_missing_key_is_named(manifest, path):
    put(manifest, path, KeyError)
    with pytest.raises(BadInput, match=f"'{path[-1]}'"):
        manifests.validate(manifest)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("dataset",), 3, "expected a text"),
        (("made",), [], "expected an object"),
        (("classes",), {}, "expected a list"),
        (("classes",), [], "at least one"),
        (("classes", 0), "", "none empty"),
        (("classes", 1), "class0", "'class0' is there twice"),
        (("superclass_of",), [0] * 9, "10 numbers from 0 to 3"),
        (("superclass_of", 0), 4, "10 numbers from 0 to 3"),
        (("superclass_of", 0), -1, "10 numbers from 0 to 3"),
        (("superclass_of", 0), 0.5, "10 numbers from 0 to 3"),
        (("splits",), {}, "splits: expected"),
        (("splits", "test"), [], "splits.test"),
        (("splits", "test", "count"), "60", "expected a whole number"),
        (("splits", "test", "count"), True, "expected a whole number"),
        (("splits", "test", "count"), 61, r"shape \[60\]: expected \[61\]"),
        (("splits", "test", "labels", "shape"), [60, 1], r"expected \[60\]"),
        (("splits", "test", "labels", "shape"), [], "one or two whole numbers"),
        (("splits", "test", "labels", "shape"), [0], "one or two whole numbers"),
        (("splits", "test", "labels", "shape"), [60.0], "one or two whole numbers"),
        (("splits", "test", "labels", "dtype"), "float16", "dtype 'float16': expected one of uint8"),
        (("splits", "test", "labels", "dtype"), "object", "dtype 'object'"),
        (("splits", "test", "labels", "parts"), [], "0 rows in its parts: expected 60"),
        (("splits", "test", "labels", "parts", 0, "rows"), 59, "59 rows in its parts: expected 60"),
        (("splits", "test", "labels", "parts", 0, "rows"), 0, "part of 0 rows"),
        (("splits", "test", "labels", "parts", 0), "x.npy", "expected an object"),
        (("splits", "test", "labels", "parts", 0, "sha256"), "abc", "64 hexadecimal digits"),
        (("hierarchies", "wordnet"), "wordnet.txt", "expected an object"),
        (("encoders", "semantic"), 1, "expected an object"),
        (("encoders", "semantic", "dimensions"), 17, r"shape \[60, 16\]: expected \[60, 17\]"),
        (("encoders", "semantic", "accuracy"), 81.0, "from 0 to 1"),
        (("encoders", "semantic", "accuracy"), "high", "expected a number"),
        (("encoders", "semantic", "similarity"), "dot", "similarity 'dot': expected cosine or inner-product"),
        (("encoders", "semantic", "similarity"), 1, "expected a text"),
        (("encoders", "semantic", "embeddings", "test", "dtype"), "float64", "expected one of float16, float32"),
        (("encoders", "semantic", "embeddings", "dev"), {}, "split 'dev': expected one of test, train"),
        (("encoders", "semantic", "predicted", "test", "dtype"), "float32", "expected one of uint8"),
        (("encoders", "semantic", "weights"), {"file": "../w", "sha256": "0" * 64}, "inside the bundle"),
        (("hashes", 0), [], "expected an object"),
        (("hashes", 0, "encoder"), "other", "which the bundle does not have"),
        (("hashes", 0, "bits"), 24, r"expected \[60, 3\]"),
        (("hashes", 0, "bits"), 0, "expected 1 or more"),
        (("hashes", 0, "codes"), {}, "neither codes nor a head"),
        (("hashes", 0, "codes", "test", "dtype"), "int8", "expected one of uint8"),
        (("protocols",), [], "at least one"),
        (("protocols",), [1], "list of names"),
        (("defaults", "encoder"), "other", "encoder 'other' is not among"),
        (("defaults", "protocol"), "leave-one-out", "protocol 'leave-one-out' is not among"),
        (("defaults", "hierarchy"), "flat", "hierarchy 'flat' is not among"),
        (("defaults", "bits"), "16", "expected a whole number"),
        (("defaults", "bits"), None, "expected a whole number"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_place(manifest, path, value, message):
    with pytest.raises(BadInput, match=message):
        manifests.validate(put(manifest, path, value))


@pytest.mark.parametrize("file", ["/etc/passwd", "../x.npy", "arrays/../../x.npy", "", "a\\b.npy", "a\0.npy"])
def test_a_file_outside_the_bundle_is_refused(manifest, file):
    put(manifest, ("splits", "test", "labels", "parts", 0, "file"), file)
    with pytest.raises(BadInput, match="expected a path inside the bundle"):
        manifests.validate(manifest)


def test_the_same_codes_twice_are_refused(manifest):
    manifest["hashes"] *= 2
    with pytest.raises(BadInput, match="repeats 'latent-sigmoid' at 16 bits"):
        manifests.validate(manifest)


def test_a_head_stands_in_for_codes_and_its_shape_is_checked(manifest):
    entry = manifest["hashes"][0]
    projection = {**manifest["encoders"]["semantic"]["embeddings"]["test"], "shape": [60, 16]}
    entry["codes"] = {}
    entry["head"] = {"projection": projection}
    with pytest.raises(BadInput, match=r"head.projection has the shape \[60, 16\]: expected \[16, 16\]"):
        manifests.validate(manifest)
    projection["shape"], projection["parts"] = [16, 16], [{**projection["parts"][0], "rows": 16}]
    manifests.validate(manifest)


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("hidden", [16, 40], None),
        ("hidden", [15, 40], r"\[16, any\]"),
        ("output", [40, 16], None),
        ("output", [40, 15], r"\[any, 16\]"),
        ("output_bias", [15], r"\[16\]"),
        ("mean", [15], r"\[16\]"),
        ("later", [3], None),
    ],
)
def test_shapes_of_a_head(manifest, name, shape, expected):
    entry = manifest["hashes"][0]
    part = manifest["encoders"]["semantic"]["embeddings"]["test"]["parts"][0]
    spec = {"shape": shape, "dtype": "float16", "parts": [{**part, "rows": shape[0]}]}
    entry["codes"], entry["head"] = {}, {name: spec}
    if expected is None:
        manifests.validate(manifest)
        spec["dtype"] = "int8"
        expected = "expected one of float16, float32"
    with pytest.raises(BadInput, match=f"head.{name} .*{expected}"):
        manifests.validate(manifest)


def test_optional_values_may_be_absent_and_unknown_keys_are_left_alone(manifest):
    manifest["superclasses"] = manifest["superclass_of"] = None
    manifest["later"] = {"x": 1}
    manifest["encoders"]["semantic"]["similarity"] = None
    for key in ("accuracy", "predicted", "weights"):
        del manifest["encoders"]["semantic"][key]
    assert manifests.parse(manifests.dump(manifest))["later"] == {"x": 1}


def test_what_json_cannot_hold_is_refused_on_writing(manifest):
    manifest["made"]["loss"] = float("nan")
    with pytest.raises(BadInput, match="cannot be written as JSON"):
        manifests.dump(manifest)
    manifest["made"]["loss"] = {1, 2}
    with pytest.raises(BadInput, match="cannot be written as JSON"):
        manifests.dump(manifest)


def test_every_file_is_listed_once_and_none_of_the_free_text(manifest, tiny_bundle):
    manifest["made"]["note"] = {"file": "x", "sha256": "0" * 64}
    listed = [entry["file"] for entry in manifests.files(manifest)]
    on_disk = {path.relative_to(tiny_bundle.path).as_posix() for path in tiny_bundle.path.rglob("*") if path.is_file()}
    assert set(listed) == on_disk - {manifests.NAME}
    assert len(list(manifests.array_specs(manifest))) == 9
    assert len(list(manifests.plain_files(manifest))) == 2


def test_part_bytes_counts_the_numbers_of_one_part(manifest):
    spec = manifest["encoders"]["semantic"]["embeddings"]["test"]
    assert manifests.part_bytes(spec, spec["parts"][0]) == 60 * 16 * 2


def pairs_entry(manifest):
    spec = manifest["splits"]["test"]["labels"]
    [part] = spec["parts"]
    pairs = {"shape": [3, 2], "dtype": "int32", "parts": [{**part, "rows": 3}]}
    scores = {"shape": [3], "dtype": "float32", "parts": [{**part, "rows": 3}]}
    return {"made": "by tests", "test-train": pairs, "scores": {"test-train": scores}}


def test_near_duplicates_may_be_there_or_not(manifest):
    manifest["near_duplicates"] = None
    assert manifests.validate(manifest) is manifest
    manifest["near_duplicates"] = pairs_entry(manifest)
    assert manifests.validate(manifest) is manifest
    assert sum(spec["shape"] in ([3, 2], [3]) for spec in manifests.array_specs(manifest)) == 2
    del manifest["near_duplicates"]["scores"]
    assert manifests.validate(manifest) is manifest


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((), [], "expected an object"),
        (("made",), KeyError, "has no 'made'"),
        (("test-valid",), {}, "has pairs of 'test-valid': expected one of test-test, test-train"),
        (("test-train", "shape"), [3, 3], r"has the shape \[3, 3\]: expected \[any, 2\]"),
        (("test-train", "dtype"), "int64", "expected one of int32"),
        (("scores", "test-train", "shape"), [2], r"expected \[3\]"),
        (("scores", "test-train", "dtype"), "int32", "expected one of float32"),
    ],
)
def test_bad_near_duplicates_are_refused(manifest, path, value, message):
    manifest["near_duplicates"] = pairs_entry(manifest)
    with pytest.raises(BadInput, match=message):
        manifests.validate(put(manifest, ("near_duplicates", *path), value))


def test_a_reduction_fits_its_embeddings(manifest):
    name, entry = next(iter(manifest["encoders"].items()))

    def array(*shape):
        part = {"file": "arrays/x.npy", "rows": shape[0], "sha256": "0" * 64}
        return {"shape": list(shape), "dtype": "float32", "parts": [part]}

    entry["reduction"] = {"mean": array(9), "axes": array(9, entry["dimensions"])}
    assert manifests.validate(manifest) is manifest
    for wrong, message in (
        (3, rf"{name}, reduction is '3': expected an object"),
        ({"mean": array(9)}, "reduction has no 'axes'"),
        ({"mean": array(8), "axes": array(9, entry["dimensions"])}, r"reduction.mean has the shape .8.: expected .9."),
        ({"mean": array(9), "axes": array(9, entry["dimensions"] + 1)}, "reduction.axes has the shape"),
    ):
        entry["reduction"] = wrong
        with pytest.raises(BadInput, match=message):
            manifests.validate(manifest)


def test_bytes_of_a_part_are_counted_beyond_64_bits():
    assert manifests.part_bytes({"shape": [2, 10**30], "dtype": "float32"}, {"rows": 2}) == 8 * 10**30


def test_scores_are_found_by_their_method():
    first, second, other = (
        {"encoder": "a", "protocol": "p", "hash": name, "bits": bits} for name, bits in (("x", 8), ("x", 16), ("y", 8))
    )
    found = manifests.scores_by_method({"scores": [first, other, second]})
    assert found == {("a", "p", "x"): [first, second], ("a", "p", "y"): [other]}
    assert manifests.scores_by_method({}) == {}
