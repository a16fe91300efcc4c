"""The index of a folder: every picture once, encoded again only where its content is new."""

import os

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput
from core.pictures import index as indexes
from core.pictures.folder import find_pictures
from core.pictures.index import index_folder
from tests.core.pictures.drawn import MeanColour


@pytest.fixture
def greys(tmp_path):
    """Ten pictures; the mean colour of picture i is i in every channel."""
    folder = tmp_path / "greys"
    folder.mkdir()
    for value in range(10):
        Image.new("RGB", (4, 4), (value,) * 3).save(folder / f"{value}.png")
    return folder


def update(folder, cache, **options):
    encoder = MeanColour(**options)
    return index_folder(find_pictures(folder), encoder, cache), encoder


def values(index):
    return index.features(np.arange(len(index)))[:, 0].tolist()


def test_features_in_the_order_of_the_paths(greys, tmp_path):
    index, encoder = update(greys, tmp_path / "cache")
    assert values(index) == list(range(10)) and encoder.encoded == index.encoded == 10
    assert index.features(np.array([7, 2]))[:, 1].tolist() == [7, 2]
    seen = {int(p): float(f[0]) for places, features in index.blocks() for p, f in zip(places, features, strict=True)}
    assert seen == {i: i for i in range(10)}


def test_the_second_time_nothing_is_encoded(greys, tmp_path):
    update(greys, tmp_path / "cache")
    index, encoder = update(greys, tmp_path / "cache")
    assert encoder.encoded == 0 and values(index) == list(range(10))


def test_only_what_changed_is_encoded(greys, tmp_path):
    update(greys, tmp_path / "cache")
    Image.new("RGB", (4, 4), (99,) * 3).save(greys / "3.png")
    os.utime(greys / "3.png", ns=(1, 1))
    (greys / "5.png").unlink()
    (greys / "6.png").rename(greys / "moved.png")
    os.utime(greys / "7.png", ns=(5, 5))  # touched: another time, the same content
    index, encoder = update(greys, tmp_path / "cache")
    assert encoder.encoded == 1
    assert [file.path for file in index.files] == [f"{n}.png" for n in (0, 1, 2, 3, 4, 7, 8, 9)] + ["moved.png"]
    assert values(index) == [0, 1, 2, 99, 4, 7, 8, 9, 6]


def test_goes_on_after_a_stop(greys, tmp_path, monkeypatch):
    monkeypatch.setattr(indexes, "PART_ROWS", 2)
    with pytest.raises(KeyboardInterrupt):
        update(greys, tmp_path / "cache", batch=2, stop_after=6)
    index, encoder = update(greys, tmp_path / "cache", batch=2)
    assert encoder.encoded == 4 and values(index) == list(range(10))
    assert len(index.parts) == 5


def test_equal_pictures_are_encoded_once(greys, tmp_path):
    (greys / "copy.png").write_bytes((greys / "4.png").read_bytes())
    index, encoder = update(greys, tmp_path / "cache", batch=20)
    assert encoder.encoded == 10 and values(index)[-1] == 4


def test_bad_files_are_listed_and_the_rest_indexed(greys, tmp_path):
    (greys / "a.png").write_bytes(b"no picture")
    (greys / "b.png").touch()
    whole = (greys / "1.png").read_bytes()
    (greys / "c.png").write_bytes(whole[: len(whole) // 2])
    for _ in range(2):
        index, _ = update(greys, tmp_path / "cache")
        assert [skip.path for skip in index.skipped] == ["a.png", "b.png", "c.png"]
        assert index.skipped[1].reason.startswith("is empty") and len(index) == 10


def test_a_folder_of_nothing_readable(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(BadInput, match="none of the 1 pictures"):
        update(tmp_path, tmp_path / "cache")


def test_parts_that_nothing_needs_are_removed(greys, tmp_path, monkeypatch):
    monkeypatch.setattr(indexes, "PART_ROWS", 2)
    update(greys, tmp_path / "cache", batch=1)
    for value in range(8):
        (greys / f"{value}.png").unlink()
    index, encoder = update(greys, tmp_path / "cache")
    assert encoder.encoded == 0 and values(index) == [8, 9]
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1


def test_features_that_are_not_finite_are_refused(greys, tmp_path):
    class Broken(MeanColour):
        def encode(self, prepared):
            vectors = super().encode(prepared)
            vectors[vectors[:, 0] == 2] = np.nan
            return vectors

    index = index_folder(find_pictures(greys), Broken(), tmp_path / "cache")
    assert len(index) == 9 and "2.png" in index.skipped[0].path and 2 not in values(index)


def test_another_encoder_has_an_index_of_its_own(greys, tmp_path):
    update(greys, tmp_path / "cache")
    encoder = MeanColour()
    encoder.key = "mean-colour 2"
    index_folder(find_pictures(greys), encoder, tmp_path / "cache")
    assert encoder.encoded == 10


def test_a_broken_catalogue_is_one_line(greys, tmp_path):
    update(greys, tmp_path / "cache")
    (catalogue,) = (tmp_path / "cache").rglob("catalogue.sqlite")
    catalogue.write_bytes(b"broken" * 1000)
    with pytest.raises(BadInput, match="remove that folder"):
        update(greys, tmp_path / "cache")


def test_progress_is_told(greys, tmp_path):
    told = []
    index_folder(find_pictures(greys), MeanColour(), tmp_path / "cache", lambda done, total: told.append((done, total)))
    assert told == [(done, 10) for done in range(11)]
