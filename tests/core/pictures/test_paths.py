"""The paths that a bundle keeps of its pictures: read as they were written, refused where they do not fit."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.bundle.manifest import validate
from core.bundle.writer import BundleWriter
from core.errors import BadInput
from core.pictures.folder import PictureFile
from core.pictures.paths import NAME, pack_paths, read_paths


def with_paths(bundle, data, rows=None, **more):
    """The tiny bundle with this file of paths on its split 'test'."""
    with BundleWriter(bundle.path) as writer:
        splits = dict(bundle.manifest["splits"])
        splits["test"] = {**splits["test"], "paths": writer.add_file(NAME, data), **more}
        if rows is not None:
            splits["test"]["rows"] = writer.add_array(rows)
        writer.commit({**bundle.manifest, "splits": splits})
    return load_bundle(bundle.path)


def files(names):
    return [PictureFile(name, 1, 1) for name in names]


def test_paths_are_read_as_written(make_bundle):
    names = [f"a/{i}.png" for i in range(57)] + ["b/ü ö.png", "b/two\nlines.png", "b/bad\udcff.png"]
    paths = read_paths(with_paths(make_bundle(), pack_paths(files(names)), folder="/photos"), "test")
    assert (len(paths), paths[0], paths[56], paths[57]) == (60, "a/0.png", "a/56.png", "b/ü ö.png")
    assert (paths[58], paths[59]) == ("b/two lines.png", "b/bad?.png")  # not found again: a card is drawn
    assert str(paths.folder) == "/photos"


def test_a_bundle_of_arrays_has_none(tiny_bundle):
    assert read_paths(tiny_bundle, "test") is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pack_paths(files(["a.png"] * 59)), "59 paths for 60"),
        (gzip.compress(b"a.png\n" * 59 + b"a.png"), "59 paths for 60"),
        (gzip.compress(b"a" * 300_000), "unpacks to more than"),
        (b"no gzip", "cannot read the paths"),
        (pack_paths(files(["a.png"] * 60))[:-20], "cannot read the paths"),
    ],
    # Of the bytes pytest would make names that differ from worker to worker: gzip writes the time into them.
    ids=["too few", "no last line break", "too large", "no gzip", "cut off"],
)
def test_a_file_that_does_not_fit_is_refused(make_bundle, data, words):
    bundle = with_paths(make_bundle(), data)
    with pytest.raises(BadInput, match=words):
        read_paths(bundle, "test")


@pytest.mark.parametrize(("key", "value"), [("paths", {"file": "../x", "sha256": "0" * 64}), ("folder", 3)])
def test_the_manifest_is_checked(tiny_bundle, key, value):
    manifest = json.loads((tiny_bundle.path / "manifest.json").read_text())
    manifest["splits"]["test"][key] = value
    with pytest.raises(BadInput, match=rf"splits\.test.*{key}"):
        validate(manifest)


@pytest.mark.parametrize("wrong", [-1, 60])
def test_rows_beyond_the_paths_are_refused(make_bundle, wrong):
    rows = np.arange(60)
    rows[7] = wrong
    bundle = with_paths(make_bundle(), pack_paths(files(["a.png"] * 60)), rows)
    with pytest.raises(BadInput, match=f"names row {wrong} of the pictures of 'test', of 60"):
        read_paths(bundle, "test")
