"""The page of folder search: what it may read, what it finds, what can be saved."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.errors import BadInput
from dashboard.folder_search import search as folder_search
from dashboard.shared.launch import parse
from tests.core.pictures.drawn import write_folder, write_weights


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # AppTest cannot type a new option into a selectbox, as a person can.
    monkeypatch.setattr(folder_search, "BACKBONES", ("resnet18", "squeezenet1_1", "nothing"))
    write_folder(tmp_path / "mine" / "photos", 3)
    write_weights(tmp_path / "mine" / "small.pth")
    return tmp_path / "mine"


def ask(at, root, query, **values):
    at.file_uploader(key="folder_query").set_value(("asked.png", query, "image/png"))
    at.text_input(key="folder_path").set_value(values.get("folder", str(root / "photos")))
    at.text_input(key="folder_weights").set_value(values.get("weights", "small.pth"))
    at.selectbox(key="folder_encoder").set_value(values.get("encoder", "squeezenet1_1"))
    at.number_input(key="folder_k").set_value(4)
    return next(button for button in at.button if button.label == "Search").click().run()


def test_finds_the_picture_and_saves(open_app, root):
    at = open_app("folder_search", options=["--root", str(root)])
    assert not at.exception
    query = (root / "photos" / "disc" / "001.png").read_bytes()
    (root / "photos" / "bad.jpg").write_bytes(b"no picture")
    ask(at, root, query)
    assert not at.exception and not at.error, [error.value for error in at.error]
    found = at.session_state["folder_found"]
    assert (found.hits[0].path, round(found.hits[0].score, 4)) == ("disc/001.png", 1.0) and len(found.hits) == 4
    assert found.html.count("data:image/png") == 5 and "disc/001.png" in found.html
    table = pd.read_csv(io.BytesIO(found.csv))
    assert list(table["rank"]) == [1, 2, 3, 4] and table["path"][0] == "disc/001.png"
    with Image.open(io.BytesIO(found.png)) as sheet:
        assert np.asarray(sheet).std() > 0
    assert [skip.path for skip in found.skipped] == ["bad.jpg"]
    assert any("1 files skipped" in expander.label for expander in at.expander)
    at.run()  # a later run shows the same, without searching again
    assert at.session_state["folder_found"] is found


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"folder": "/etc"}, "outside the folders"),
        ({"folder": "../"}, "outside the folders"),
        ({"weights": "/etc/passwd"}, "outside the folders"),
        ({"weights": "absent.pth"}, "there is no file"),
        ({"encoder": "resnet18"}, "another network"),
        ({"encoder": "nothing"}, "unknown encoder"),
    ],
)
def test_what_it_refuses(open_app, root, values, words):
    at = open_app("folder_search", options=["--root", str(root)])
    ask(at, root, (root / "photos" / "disc" / "001.png").read_bytes(), **values)
    assert not at.exception and words in at.error[0].value and "folder_found" not in at.session_state


def test_a_query_that_is_no_picture(open_app, root):
    at = open_app("folder_search", options=["--root", str(root)])
    ask(at, root, b"no picture")
    assert not at.exception and "'asked.png' is not a picture" in at.error[0].value


def test_without_a_root_nothing_is_read(open_app):
    at = open_app("folder_search")
    assert not at.exception and "No folder was named" in at.info[0].value
    assert "--root" in at.code[0].value


def test_roots_and_images_may_be_read(tmp_path):
    options = parse(["--root", str(tmp_path / "a"), "--images", str(tmp_path / "b")])
    assert options.readable == (tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").mkdir()
    (tmp_path / "outside.pth").touch()
    (tmp_path / "a" / "link.pth").symlink_to(tmp_path / "outside.pth")
    with pytest.raises(BadInput, match="outside the folders"):
        folder_search.find_weights(str(tmp_path / "a" / "link.pth"), options.readable)
