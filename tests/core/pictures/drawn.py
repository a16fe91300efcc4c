"""Drawn pictures: a labelled folder whose classes are shapes of a colour, and encoders of little cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.pictures.encoder import Described, PictureEncoder

CLASSES = {"bar": (200, 40, 40), "disc": (40, 160, 60), "frame": (60, 60, 210)}


def draw(kind: str, rng: np.random.Generator, side: int = 48) -> Image.Image:
    """One shape of the class's colour, somewhere on a grey ground."""
    image = Image.new("RGB", (side, side), tuple(int(v) for v in rng.integers(150, 230, 3)))
    pen = ImageDraw.Draw(image)
    colour = tuple(int(v) for v in np.clip(np.array(CLASSES[kind]) + rng.integers(-30, 31, 3), 0, 255))
    x, y = (int(v) for v in rng.integers(2, side // 3, 2))
    box = (x, y, x + side // 2, y + side // 2)
    if kind == "bar":
        pen.rectangle((x, y, x + side // 2, y + 8), fill=colour)
    elif kind == "disc":
        pen.ellipse(box, fill=colour)
    else:
        pen.rectangle(box, outline=colour, width=5)
    return image


def write_folder(root: Path, count: int, seed: int = 0) -> Path:
    """`count` pictures a class, in a sub-folder each."""
    rng = np.random.default_rng(seed)
    for kind in CLASSES:
        (root / kind).mkdir(parents=True)
        for number in range(count):
            draw(kind, rng).save(root / kind / f"{number:03}.png")
    return root


def write_weights(path: Path) -> Path:
    """Random weights of torchvision's squeezenet1_1 as a torch state dict: they stand for trained ones."""
    import torch
    import torchvision

    torch.manual_seed(0)
    torch.save(torchvision.models.get_model("squeezenet1_1", weights=None).state_dict(), path)
    return path


class MeanColour(PictureEncoder):
    """The mean red, green and blue: features that a person can check. Counts what it encodes; may stop half way."""

    name = made = "mean-colour"
    key = "mean-colour 1"

    def __init__(self, batch: int = 4, stop_after: int | None = None) -> None:
        self.batch, self.encoded, self.stop_after = batch, 0, stop_after

    def prepare(self, picture):
        return picture.reshape(-1, 3).mean(axis=0)

    def describe(self, prepared):
        if self.stop_after is not None and self.encoded + len(prepared) > self.stop_after:
            raise KeyboardInterrupt
        self.encoded += len(prepared)
        none = np.empty((len(prepared), 0), np.float32)
        return Described(np.array(prepared, dtype=np.float32), none, none)

    def seen(self, prepared):
        return prepared.round().astype(np.uint8)[None, None]
