"""Hits as one picture."""

import numpy as np
from PIL import Image

from core.pictures.grid import GAP, SIDE, TEXT, grid_picture
from core.pictures.search import Hit

RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_the_query_comes_first_then_each_hit_in_its_place(tmp_path):
    Image.new("RGB", (8, 8), BLUE).save(tmp_path / "blue.png")
    query = np.full((8, 8, 3), RED, dtype=np.uint8)
    hits = [Hit(1, 0.9, "blue.png"), Hit(2, 0.8, "gone.png"), Hit(3, 0.7, "bad \udcff.png")]
    sheet = grid_picture(tmp_path, query, hits)
    assert sheet.size == (2 * (SIDE + GAP) + GAP, 2 * (SIDE + TEXT + GAP) + GAP)
    middle = GAP + SIDE // 2
    assert sheet.getpixel((middle, middle)) == RED
    assert sheet.getpixel((middle + SIDE + GAP, middle)) == BLUE
    assert sheet.getpixel((middle, middle + SIDE + TEXT + GAP)) == (255, 255, 255)  # its file is gone
