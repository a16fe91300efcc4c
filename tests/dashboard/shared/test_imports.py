"""Files of a person's own on their way into a bundle: kept, looked at, imported, or refused with one line."""

from __future__ import annotations

import io

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.datasets.array_columns import Columns
from core.datasets.array_files import array_names
from core.datasets.array_sources import split_counts
from core.errors import BadInput
from dashboard.shared import imports, uploads
from dashboard.shared.uploads import ROLES
from dashboard.your_data import preview as import_preview
from tests.dashboard.your_data.typed import CODES, LABELS, VECTORS, npy, npz, parquet


def save(folder, key, name, content):
    return uploads.save_upload(folder, ROLES[key], name, io.BytesIO(content))


def look(**given):
    return import_preview.preview_files(given, Columns())


@pytest.mark.parametrize(
    ("name", "folder"),
    [("my data!", "my-data"), ("../../etc", "etc"), ("", "my-data"), ("日本", "my-data"), ("a" * 99, "a" * 60)],
)
def test_names_of_bundles_stay_in_the_folder(tmp_path, name, folder):
    assert imports.new_folder(tmp_path, name) == tmp_path / folder


def test_a_name_twice_gets_a_number(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x-2").mkdir()
    assert imports.new_folder(tmp_path, "x").name == "x-3"


def test_an_uploads_own_name_is_never_a_path(tmp_path):
    upload = save(tmp_path, "gallery_embeddings", "../../evil.npy", npy(VECTORS))
    assert upload.path == tmp_path / "gallery_embeddings.npy" and upload.problem is None
    assert [path.name for path in tmp_path.iterdir()] == ["gallery_embeddings.npy"]
    assert "expected a file of type" in save(tmp_path, "gallery_embeddings", "x.pkl", b"").problem


@pytest.mark.parametrize("make", [npz, lambda **a: parquet(embeddings=list(a["embeddings"]), labels=a["labels"])])
def test_one_file_for_embeddings_and_labels(tmp_path, make):
    suffix = "npz" if make is npz else "parquet"
    upload = save(tmp_path, "gallery_embeddings", f"all.{suffix}", make(embeddings=VECTORS, labels=LABELS))
    found = look(gallery_embeddings=upload)
    assert [(seen.key, seen.source, seen.shape) for seen in found.files] == [
        ("gallery_embeddings", f"all.{suffix}", (80, 24)),
        ("gallery_labels", f"all.{suffix}", (80,)),
    ]
    assert found.problems == ()
    imports.run_import({"gallery_embeddings": upload}, None, None, tmp_path / "out")
    assert (load_bundle(tmp_path / "out").labels("gallery") == LABELS).all()


@pytest.mark.parametrize(("key", "content"), [("gallery_labels", b"PK junk"), ("gallery_labels", b"")])
@pytest.mark.parametrize("suffix", ["npy", "npz", "parquet"])
def test_junk_is_a_message(tmp_path, key, content, suffix):
    upload = save(tmp_path, key, f"x.{suffix}", content)
    problem = look(gallery_labels=upload).problems[0]
    assert f"x.{suffix}" in problem and str(tmp_path) not in problem and "\n" not in problem
    assert array_names(upload.path) == ()


def test_text_that_is_none(tmp_path):
    given = {
        "gallery_embeddings": save(tmp_path, "gallery_embeddings", "g.npy", npy(VECTORS)),
        "gallery_labels": save(tmp_path, "gallery_labels", "y.npy", npy(LABELS)),
        "class_names": save(tmp_path, "class_names", "n.txt", b"\xff\xfe\x00"),
    }
    (problem,) = look(**given).problems
    assert problem.startswith("cannot read the class names 'n.txt'")


def test_a_split_column_that_cannot_be_read_names_the_file_as_its_owner_does(tmp_path):
    upload = save(tmp_path, "gallery_labels", "mine.csv", b"split,x\ntrain\n")
    with pytest.raises(BadInput, match=r"^split 'mine\.csv': row 0 \(from 0\) has 1 cells, the header 2$"):
        split_counts(upload.file, "split")


def test_text_of_another_encoding_names_the_file_as_its_owner_does(tmp_path):
    upload = save(tmp_path, "gallery_labels", "mine.csv", b"label\n\xff\n")
    (problem,) = [line for line in look(gallery_labels=upload).problems if "UTF-8" in line]
    assert problem.startswith("'mine.csv' is no text of UTF-8")


def test_bits_of_codes(tmp_path):
    def bits(array):
        upload = save(tmp_path, "gallery_codes", "c.npy", npy(array))
        return import_preview.code_bits(look(gallery_codes=upload).files)

    assert import_preview.code_bits(()) is None
    assert bits(CODES) == (9, 16)
    assert bits(CODES[:, :1]) == (8, 8)
    assert bits(np.zeros((4, 16), np.uint8)) == (121, 128)
    assert bits(np.zeros((4, 17), np.uint8)) is None
    assert bits(np.zeros(4, np.uint8)) is None


def test_errors_of_the_import_name_files_as_their_owner_does(tmp_path):
    given = {
        "gallery_embeddings": save(tmp_path, "gallery_embeddings", "mine.npy", npy(VECTORS)),
        "gallery_labels": save(tmp_path, "gallery_labels", "y.npy", npy(LABELS[:79])),
        "hierarchy_file": save(tmp_path, "hierarchy_file", "tree.txt", b"a b\nb a\n"),
    }
    with pytest.raises(BadInput, match="gallery labels: 79 for 80"):
        imports.run_import(given, None, None, tmp_path / "out")
    given["gallery_labels"] = save(tmp_path, "gallery_labels", "y.npy", npy(LABELS))
    with pytest.raises(BadInput, match=r"'tree.txt'") as caught:
        imports.run_import(given, None, None, tmp_path / "out")
    assert str(tmp_path) not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_line_and_leaves_no_half_file(tmp_path, monkeypatch):
    def full(content, file):
        file.write(content.read(3))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dashboard.shared.uploads.shutil.copyfileobj", full)
    with pytest.raises(BadInput, match=r"Gallery embeddings 'x.npy' cannot be kept .*: No space left on device"):
        uploads.save_upload(tmp_path, ROLES["gallery_embeddings"], "x.npy", io.BytesIO(b"12345"))
    assert list(tmp_path.iterdir()) == []
