"""Hits as one picture: the query, then a tile for each with rank, score and path."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.errors import BadInput
from core.pictures.file import read_picture
from core.pictures.search import Hit, printable
from core.pictures.thumbnail import thumbnail

SIDE, GAP, TEXT = 200, 12, 40  # pixels: a tile's picture, the space around it, the two lines below
MOST_TILES = 100
_LETTERS = 30  # that fit below a tile


def grid_picture(root: Path, query: np.ndarray, hits: Sequence[Hit]) -> Image.Image:
    """RGB picture of the query and at most `MOST_TILES` hits; of a file that is gone, an empty tile."""
    hits = hits[:MOST_TILES]
    columns = min(5, math.ceil(math.sqrt(len(hits) + 1)))
    rows = math.ceil((len(hits) + 1) / columns)
    width, height = SIDE + GAP, SIDE + TEXT + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    tiles: list[tuple[np.ndarray | None, str, str]] = [(query, "query", "")]
    tiles += [(_read(root / hit.path), f"{hit.rank}.   {hit.score:.4f}", hit.path) for hit in hits]
    for place, (picture, title, path) in enumerate(tiles):
        left, top = GAP + place % columns * width, GAP + place // columns * height
        if picture is not None:
            sheet.paste(thumbnail(picture, SIDE), (left, top))
        draw.rectangle((left - 1, top - 1, left + SIDE, top + SIDE), outline="black" if place == 0 else "lightgrey")
        draw.text((left, top + SIDE + 4), title, "black", font=ImageFont.load_default(14))
        draw.text((left, top + SIDE + 22), _shown(path), "dimgrey", font=ImageFont.load_default(11))
    return sheet


def png_bytes(picture: Image.Image) -> bytes:
    """The content of a .png file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _read(path: Path) -> np.ndarray | None:
    try:
        return read_picture(path)
    except BadInput:
        return None


def _shown(path: str) -> str:
    text = printable(path)
    return text if len(text) <= _LETTERS else "…" + text[1 - _LETTERS :]
