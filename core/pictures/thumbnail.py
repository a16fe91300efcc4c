"""A picture in a small square."""

from __future__ import annotations

import numpy as np
from PIL import Image


def thumbnail(picture: np.ndarray, side: int) -> Image.Image:
    """The whole picture within a white square; a small one is enlarged without smoothing."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.BICUBIC
    square = Image.new("RGB", (side, side), "white")
    scaled = Image.fromarray(picture).resize(size, method)
    square.paste(scaled, ((side - size[0]) // 2, (side - size[1]) // 2))
    return square
