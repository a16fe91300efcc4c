"""The nearest pictures of an index: cosine and plain inner product, by hand."""

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput
from core.pictures.folder import find_pictures
from core.pictures.index import index_folder
from core.pictures.search import search_index
from tests.core.pictures.drawn import MeanColour


@pytest.fixture
def index(tmp_path):
    colours = {"a_dark": (30, 0, 0), "b_bright": (240, 0, 0), "c_green": (0, 200, 0), "d_twin": (0, 200, 0),
               "e_both": (90, 120, 0), "f_black": (0, 0, 0)}  # fmt: skip
    folder = tmp_path / "colours"
    folder.mkdir()
    for name, colour in colours.items():
        Image.new("RGB", (2, 2), colour).save(folder / f"{name}.png")
    return index_folder(find_pictures(folder), MeanColour(), tmp_path / "cache")


def test_cosine_does_not_see_length(index):
    hits = search_index(index, np.array([60.0, 0, 0]), 3)
    assert [(hit.rank, hit.path) for hit in hits] == [(1, "a_dark.png"), (2, "b_bright.png"), (3, "e_both.png")]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 1.0, 0.6])  # 90 / |(90, 120)| = 90 / 150


def test_inner_product_does(index):
    hits = search_index(index, np.array([2.0, 0, 0]), 3, "inner-product")
    assert [(hit.path, hit.score) for hit in hits] == [("b_bright.png", 480), ("e_both.png", 180), ("a_dark.png", 60)]


def test_equal_pictures_go_by_path_and_black_has_no_direction(index):
    hits = search_index(index, np.array([0, 1.0, 0]), 99)
    assert len(hits) == 6 and [hit.path for hit in hits[:2]] == ["c_green.png", "d_twin.png"]
    assert hits[-1].path == "f_black.png" and hits[-1].score == 0


def test_bad_input(index):
    with pytest.raises(BadInput, match="similarity 'euclid'"):
        search_index(index, np.zeros(3), 1, "euclid")
    with pytest.raises(BadInput, match="holds 3 dimensions"):
        search_index(index, np.zeros(4), 1)
