"""Pictures of a folder's bundle: which are shown, from where, and what is never read."""

from __future__ import annotations

import base64
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from core.building.picture_bundle import write_bundle
from core.bundle.bundle import load_bundle
from core.pictures.folder import find_pictures
from core.pictures.index import index_folder
from core.pictures.paths import PicturePaths
from dashboard.queries import pictures as queries_pictures
from dashboard.shared.folder_pictures import SIDE, FolderPictures
from tests.core.pictures.drawn import MeanColour, write_folder


@pytest.fixture
def world(tmp_path):
    """A bundle `made` of `mine/photos` and of `mine/asked`, which queries it; each picture large and of one shape."""
    counts = {"photos": 4, "asked": 3}
    folders = [write_folder(tmp_path / "mine" / name, count, seed=count) for name, count in counts.items()]
    indexes = [index_folder(find_pictures(folder), MeanColour(), tmp_path / "cache") for folder in folders]
    write_bundle(tmp_path / "made", MeanColour(), *indexes)
    return tmp_path


def shown(uri):
    head, data = uri.split(",", 1)
    assert head == "data:image/jpeg;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data, validate=True))))


def pictures(world, *roots):
    return FolderPictures(load_bundle(world / "made"), [world / root for root in roots])


def alter(world, **changes):
    """Change the gallery's entry in the manifest, as another's bundle might have it."""
    path = world / "made" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["splits"]["gallery"].update(changes)
    path.write_text(json.dumps(manifest))


def test_each_image_shows_its_own_file(world):
    found = pictures(world, "mine")
    bundle = load_bundle(world / "made")
    for split, name in (("gallery", "photos"), ("queries", "asked")):
        for image in range(bundle.count(split)):
            path = found.path(split, image)
            assert path.startswith(bundle.class_names[bundle.labels(split)[image]])
            own = np.asarray(Image.open(world / "mine" / name / path)).reshape(-1, 3).mean(axis=0)
            small = shown(found.uri(split, image))
            assert small.shape == (SIDE, SIDE, 3)
            np.testing.assert_allclose(small.reshape(-1, 3).mean(axis=0), own, atol=2)
    assert found.uri("gallery", 12) is None and found.uri("gallery", -1) is None and found.uri("test", 0) is None


def test_only_what_the_user_named_is_read(world):
    assert pictures(world).known and not pictures(world).available
    assert pictures(world).uri("gallery", 0) is None
    assert not pictures(world, "cache").available
    assert pictures(world, "mine/photos").uri("queries", 0) is None  # its gallery alone lies there
    assert pictures(world, "mine/photos").uri("gallery", 0)


def test_a_folder_that_was_moved_is_found_in_a_root(world):
    (world / "elsewhere").mkdir()
    shutil.move(world / "mine" / "photos", world / "elsewhere" / "photos")
    assert pictures(world, "elsewhere").uri("gallery", 3)
    assert pictures(world, "elsewhere/photos").uri("gallery", 3)
    assert pictures(world, "mine").uri("gallery", 3) is None


def test_pictures_beside_the_bundles_own_files_need_no_root(world):
    shutil.move(world / "mine" / "photos", world / "made" / "photos")
    assert pictures(world).uri("gallery", 3)


@pytest.mark.parametrize("folder", [None, "relative/photos", "/", "\0", "/nowhere/" + "x" * 5000])
def test_a_folder_that_says_nothing_leaves_the_roots(world, folder):
    alter(world, folder=folder)
    assert pictures(world, "mine/photos").uri("gallery", 0)
    assert not pictures(world, "cache").available


def test_what_cannot_be_read_is_a_card(world):
    found, folder = pictures(world, "mine"), world / "mine" / "photos"
    gone, cut, empty = (folder / found.path("gallery", image) for image in range(3))
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:60])
    empty.write_bytes(b"")
    assert [found.uri("gallery", image) is None for image in range(4)] == [True, True, True, False]


def test_a_changed_file_is_no_longer_that_picture(world):
    found = pictures(world, "mine")
    file = world / "mine" / "photos" / found.path("gallery", 0)
    first, kept = found.uri("gallery", 0), file.read_bytes()
    assert found.uri("gallery", 0) is first
    Image.new("RGB", (40, 40), "red").save(file)
    assert found.uri("gallery", 0) is None
    file.write_bytes(kept)
    assert found.uri("gallery", 0) == first


def test_links_and_paths_out_of_the_folder_are_not_followed(world):
    secret = world / "secret.png"
    Image.new("RGB", (9, 9), "red").save(secret)
    found = pictures(world, "mine")
    file = world / "mine" / "photos" / found.path("gallery", 0)
    file.unlink()
    file.symlink_to(secret)
    assert found.uri("gallery", 0) is None
    for path in (f"../../{secret.name}", str(secret)):
        text = (path + "\n").encode() * 12
        ends = np.arange(13) * (len(path) + 1)
        found._paths["gallery"] = PicturePaths(None, None, text, ends, None)
        assert found.path("gallery", 5) == path and found.uri("gallery", 5) is None


def test_damaged_paths_are_said(world):
    bundle = load_bundle(world / "made")
    file = world / "made" / bundle.manifest["splits"]["gallery"]["paths"]["file"]
    file.write_bytes(b"x" * file.stat().st_size)
    found = FolderPictures(load_bundle(world / "made"), [world / "mine"])
    assert "SHA-256" in found.problem and found.uri("gallery", 0) is None and found.uri("queries", 0)


def test_the_page_shows_them(open_app, world):
    at = open_app("retrieval", bundle=world / "made", options=["--root", str(world / "mine")])
    assert not at.exception and not at.error
    bodies = [element.proto.body for element in at.get("html") if 'role="list"' in element.proto.body]
    assert all(body.count("data:image/jpeg") == body.count('role="listitem"') for body in bodies) and len(bodies) >= 3
    path = FolderPictures(load_bundle(world / "made"), []).path("queries", 0)
    assert any(f"`{path}`" in caption.value for caption in at.caption)


def test_the_page_says_how_to_get_them(open_app, world):
    at = open_app("retrieval", bundle=world / "made")
    assert not at.exception and not at.error
    assert not any("data:image" in element.proto.body for element in at.get("html"))
    command = next(element.value for element in at.code if "streamlit" in element.value)
    assert command.endswith(f"--bundle {world / 'made'} --images {world / 'mine' / 'asked'}")


def test_the_table_of_queries_has_them_in_its_own_order(open_app, world):
    at = open_app("queries", bundle=world / "made", options=["--root", str(world / "mine")])
    assert not at.exception and not at.error
    table, found = at.dataframe[0].value, pictures(world, "mine")
    assert table.columns[0] == "picture"
    assert table["picture"].tolist() == [found.uri("queries", index) for index in table["index"]]
    assert sorted(table["index"]) == list(range(load_bundle(world / "made").count("queries")))


def test_only_the_first_rows_of_a_long_table_have_one(open_app, world, monkeypatch):
    monkeypatch.setattr(queries_pictures, "PICTURED", 2)
    at = open_app("queries", bundle=world / "made", options=["--root", str(world / "mine")])
    assert at.dataframe[0].value["picture"].notna().tolist()[:3] == [True, True, False]
    assert any(caption.value.endswith("Pictures of the first 2.") for caption in at.caption)


def test_without_pictures_the_table_has_no_such_column(open_app, world):
    assert "picture" not in open_app("queries", bundle=world / "made").dataframe[0].value
