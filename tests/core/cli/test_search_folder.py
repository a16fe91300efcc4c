"""`search-folder` on drawn pictures, by a small network of torchvision with random weights."""

from __future__ import annotations

import pandas as pd
import pytest
from PIL import Image

from tests.core.pictures.drawn import write_folder, write_weights

OPTIONS = ("--dataset", "photos", "--encoder", "squeezenet1_1", "--weights", "small.pth", "--cache", "cache")


@pytest.fixture
def photos(tmp_path):
    write_folder(tmp_path / "photos", 3)
    write_weights(tmp_path / "small.pth")
    return tmp_path


def test_a_picture_of_the_folder_finds_itself(run, photos):
    query = ("--query", "photos/disc/001.png", "--k", 4, "--bundle", photos / "none")
    assert run("search-folder", *OPTIONS, *query, bundle=False).code == 2  # a bundle that was named must be there
    ran = run("search-folder", *OPTIONS, *query[:4], "--out", "found.csv", "--plot", "found.png", bundle=False)
    assert ran.code == 0, ran.err
    assert "9 pictures (9 encoded now)" in ran.out and "1  1.0000  disc/001.png" in ran.out
    table = pd.read_csv("found.csv")
    assert list(table.columns) == ["rank", "score", "path"] and len(table) == 4
    assert table["score"].is_monotonic_decreasing and table["path"][0] == "disc/001.png"
    with Image.open("found.png") as sheet:
        assert sheet.format == "PNG" and sheet.size[0] > 600
    first = (photos / "found.csv").read_bytes()
    ran = run("search-folder", *OPTIONS, *query[:4], "--out", "found.csv", bundle=False)
    assert "(0 encoded now)" in ran.out and (photos / "found.csv").read_bytes() == first


def test_inner_product_is_not_cosine(run, photos):
    query = ("--query", "photos/disc/001.png", "--out", "found.csv")
    for similarity in ("cosine", "inner-product"):
        assert run("search-folder", *OPTIONS, *query, "--similarity", similarity, bundle=False).code == 0
        top = pd.read_csv("found.csv")["score"][0]
        assert (abs(top - 1) < 1e-6) == (similarity == "cosine")


def test_bad_files_are_told_of(run, photos):
    for number in range(12):
        (photos / "photos" / f"bad{number:02}.jpg").write_bytes(b"no picture")
    ran = run("search-folder", *OPTIONS, "--query", "photos/disc/001.png", bundle=False)
    assert ran.code == 0 and "9 pictures" in ran.out
    assert "12 files skipped" in ran.err and "bad00.jpg: is not a picture" in ran.err and "and 2 more" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--query", "small.pth"), ["small.pth", "not a picture"]),
        (("--query", "photos/disc"), ["is no file"]),
        (("--query", "photos/disc/001.png", "--dataset", "small.pth"), ["is no folder"]),
        (("--query", "photos/disc/001.png", "--k", "0"), ["k 0"]),
        (("--query", "photos/disc/001.png", "--plot", "a.jpg"), ["a.jpg", ".png"]),
        (("--query", "photos/disc/001.png", "--encoder", "resnet5"), ["unknown encoder", "resnet50"]),
        (("--query", "photos/disc/001.png", "--encoder", "resnet18"), ["another network"]),
        (("--query", "photos/disc/001.png", "--encoder", "semantic"), ["cannot read network weights"]),
        (("--query", "photos/disc/001.png", "--out", "none/a.csv"), ["no folder 'none'"]),
    ],
)
def test_bad_input_is_one_line(refused, photos, options, words):
    line = refused("search-folder", *OPTIONS, *options, bundle=False)
    assert all(word in line for word in words)
