from __future__ import annotations

import copy
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from core.bundle import writer as bundle_writer
from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter, check_target
from core.errors import BadInput


def snapshot(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def with_new_labels(writer, manifest, labels):
    manifest = copy.deepcopy(manifest)
    manifest["splits"]["test"]["labels"] = writer.add_array(labels)
    return manifest


def test_an_array_comes_back_bit_for_bit(tmp_path):
    array = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    writer = BundleWriter(tmp_path / "new")
    spec = writer.add_array(array)
    assert (spec["shape"], spec["dtype"]) == ([7, 3], "float32")
    [part] = spec["parts"]
    data = (tmp_path / "new" / part["file"]).read_bytes()
    assert part["file"] == f"arrays/{part['sha256'][:16]}.npy"
    assert hashlib.sha256(data).hexdigest() == part["sha256"]
    assert np.load(tmp_path / "new" / part["file"]).tobytes() == array.tobytes()


def test_byte_order_and_layout_are_normalised(tmp_path):
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    writer = BundleWriter(tmp_path / "new")
    specs = [
        writer.add_array(a) for a in (array, array.astype(">i4"), np.asfortranarray(array), array[:, ::-1][:, ::-1])
    ]
    assert all(spec == specs[0] for spec in specs)


def test_long_arrays_are_cut_into_parts_and_joined_again(make_bundle, monkeypatch):
    monkeypatch.setattr(bundle_writer, "PART_BYTES", 4096 + 100)
    bundle = make_bundle()
    spec = bundle.encoder_info("semantic")["embeddings"]["test"]
    assert [part["rows"] for part in spec["parts"]] == [3] * 20  # rows of 32 bytes
    joined = bundle.array(spec)
    assert joined.shape == (60, 16)
    assert not joined.flags.writeable
    monkeypatch.undo()
    whole = make_bundle("whole")
    assert (joined == whole.array(whole.encoder_info("semantic")["embeddings"]["test"])).all()
    assert (bundle.embeddings("semantic", "test") == whole.embeddings("semantic", "test")).all()


def test_parts_stay_below_25_mb(tmp_path):
    writer = BundleWriter(tmp_path / "new")
    spec = writer.add_array(np.zeros((3_200_000, 10), dtype=np.uint8))
    sizes = [(tmp_path / "new" / part["file"]).stat().st_size for part in spec["parts"]]
    assert len(sizes) == 2
    assert max(sizes) <= 25_000_000
    assert sum(part["rows"] for part in spec["parts"]) == 3_200_000


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 3)), np.zeros((3, 0)), np.float32(1), np.zeros((1, 1, 1)), np.array([None])],
    ids=["no rows", "no columns", "scalar", "3-d", "objects"],
)
def test_arrays_that_a_bundle_cannot_hold_are_refused(tmp_path, array):
    with pytest.raises(BadInput, match="cannot store an array"):
        BundleWriter(tmp_path / "new").add_array(array)
    assert not (tmp_path / "new").exists()


def test_files_are_named_by_their_content(tmp_path):
    writer = BundleWriter(tmp_path / "new")
    one, two = writer.add_file("tree.txt", b"a b\n"), writer.add_file("tree.txt", b"a c\n")
    assert one["file"] != two["file"]
    assert (tmp_path / "new" / one["file"]).read_bytes() == b"a b\n"
    assert one["sha256"] == hashlib.sha256(b"a b\n").hexdigest()
    for name in ("../x.txt", "a/b", "", ".hidden", "a b"):
        with pytest.raises(BadInput, match="cannot store a file named"):
            writer.add_file(name, b"")


def test_a_commit_replaces_and_removes_what_nothing_names(make_bundle):
    bundle = make_bundle()
    before = set(snapshot(bundle.path))
    old = bundle.manifest["splits"]["test"]["labels"]["parts"][0]["file"]
    (bundle.path / "arrays" / ".tmp-0123456789abcdef").write_bytes(b"left by a build that was killed")
    (bundle.path / "notes.txt").write_text("mine")
    with BundleWriter(bundle.path) as writer:
        labels = np.arange(60) % 10
        manifest = with_new_labels(writer, bundle.manifest, labels)
        assert (load_bundle(bundle.path).labels("test") == bundle.labels("test")).all()  # not committed yet
        writer.commit(manifest)
    new = manifest["splits"]["test"]["labels"]["parts"][0]["file"]
    assert set(snapshot(bundle.path)) == before - {old} | {new, "notes.txt"}
    assert (load_bundle(bundle.path, verify=True).labels("test") == labels).all()


def test_a_build_that_stops_leaves_the_old_bundle_as_it_was(make_bundle):
    bundle = make_bundle()
    before = snapshot(bundle.path)
    with pytest.raises(KeyboardInterrupt), BundleWriter(bundle.path) as writer:
        with_new_labels(writer, bundle.manifest, np.arange(60) % 10)
        writer.add_array(np.asarray(bundle.labels("train")))  # the same content as one of the old files
        writer.add_file("new.txt", b"x")
        raise KeyboardInterrupt
    assert snapshot(bundle.path) == before


def test_a_killed_build_leaves_the_old_bundle_whole(make_bundle):
    bundle = make_bundle()
    before = snapshot(bundle.path)
    with_new_labels(BundleWriter(bundle.path), bundle.manifest, np.arange(60) % 10)  # no exit: as if killed
    after = snapshot(bundle.path)
    assert before.items() < after.items()
    load_bundle(bundle.path, verify=True)


def test_a_stop_in_the_middle_of_the_commit(make_bundle, monkeypatch):
    bundle = make_bundle()
    before = snapshot(bundle.path)
    replace = os.replace

    def fail(source, target):
        if Path(target).name == "manifest.json":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(BadInput, match=r"cannot write .*manifest.json': No space left"), BundleWriter(bundle.path) as w:
        w.commit(with_new_labels(w, bundle.manifest, np.arange(60) % 10))
    assert snapshot(bundle.path) == before


def test_a_first_build_that_stops_leaves_no_folder(tmp_path):
    with pytest.raises(RuntimeError), BundleWriter(tmp_path / "a" / "b") as writer:
        writer.add_array(np.ones(3))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_first_build_that_was_killed_can_be_run_again(tmp_path):
    BundleWriter(tmp_path / "new").add_array(np.ones(3))
    (tmp_path / "new" / ".tmp-0123456789abcdef").write_bytes(b"{")
    check_target(tmp_path / "new")


def test_a_manifest_that_does_not_fit_is_not_committed(make_bundle):
    bundle = make_bundle()
    before = snapshot(bundle.path)
    with pytest.raises(BadInput, match=r"shape \[59\]: expected \[60\]"), BundleWriter(bundle.path) as writer:
        writer.commit(with_new_labels(writer, bundle.manifest, np.arange(59) % 10))
    assert snapshot(bundle.path) == before


def test_two_builds_at_once_end_in_one_whole_bundle(make_bundle):
    bundle = make_bundle()
    with BundleWriter(bundle.path) as first, BundleWriter(bundle.path) as second:
        slow = with_new_labels(first, bundle.manifest, np.arange(60) % 10)
        second.commit(with_new_labels(second, bundle.manifest, np.arange(60) % 9))
        with pytest.raises(BadInput, match=r"is gone or was never added .*run this one again"):
            first.commit(slow)
    assert load_bundle(bundle.path, verify=True).labels("test")[9] == 0


def test_a_build_that_stops_keeps_files_that_another_one_committed(make_bundle):
    bundle = make_bundle()
    with BundleWriter(bundle.path) as first:
        manifest = with_new_labels(first, bundle.manifest, np.arange(60) % 10)
        with BundleWriter(bundle.path) as second:
            second.commit(with_new_labels(second, bundle.manifest, np.arange(60) % 10))
    assert load_bundle(bundle.path, verify=True).manifest == manifest


@pytest.mark.parametrize(
    "name", ["thesis.tex", "arrays/mine.npy", "arrays/sub/x", "files/mine.txt", "manifest.json", "arrays"]
)
def test_a_folder_that_holds_something_else_is_refused(tmp_path, name):
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    before = snapshot(tmp_path)
    with pytest.raises(BadInput, match=f"holds '{name.replace('/x', '')}' and is no bundle"):
        BundleWriter(tmp_path / "out")
    assert snapshot(tmp_path) == before


def test_a_file_is_no_folder_and_an_empty_or_absent_folder_is_fine(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("file", "link"):
        with pytest.raises(BadInput, match="is a file: expected a folder"):
            check_target(tmp_path / name)
    (tmp_path / "empty").mkdir()
    check_target(tmp_path / "empty")
    check_target(tmp_path / "absent" / "deep")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match=r"cannot write .*: "), BundleWriter(tmp_path / "file" / "out") as writer:
        writer.add_array(np.ones(3))
