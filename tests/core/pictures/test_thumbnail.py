"""A picture in a small square."""

import numpy as np

from core.pictures.thumbnail import thumbnail


def test_a_thumbnail_shows_the_whole_picture():
    wide = np.zeros((10, 40, 3), dtype=np.uint8)
    small = thumbnail(wide, 80)
    assert small.size == (80, 80) and small.getpixel((0, 40)) == (0, 0, 0) and small.getpixel((40, 0)) == (255,) * 3
    assert thumbnail(np.zeros((1, 5000, 3), dtype=np.uint8), 80).size == (80, 80)
