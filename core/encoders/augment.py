"""Augmentation of image batches on tensors: cheaper here than a loader with worker processes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, flipped: Tensor, shift: int, cutout: int, generator: torch.Generator) -> Tensor:
    """Mirror images where `flipped`, a random translation by up to `shift` pixels (reflected border), and a square of
    `cutout` pixels blanked to the batch's mean (DeVries & Taylor, 2017), one draw an image.

    `images` float32 (N, C, H, W), `flipped` bool (N,); the result has the same shape. All randomness is from
    `generator`.
    """
    count, _, height, width = images.shape
    padded = functional.pad(images, (shift,) * 4, mode="reflect").permute(0, 2, 3, 1)
    top, left = torch.randint(0, 2 * shift + 1, (2, count), generator=generator)
    columns = torch.arange(width)
    columns = torch.where(flipped[:, None], width - 1 - columns, columns)
    rows = top[:, None] + torch.arange(height)
    result = padded[torch.arange(count)[:, None, None], rows[:, :, None], (left[:, None] + columns)[:, None, :]]
    if cutout:
        result = torch.where(_squares(count, height, width, cutout, generator)[..., None], images.mean(), result)
    return result.permute(0, 3, 1, 2)


def _squares(count: int, height: int, width: int, side: int, generator: torch.Generator) -> Tensor:
    """bool (N, H, W): a square of this side (cut at the border) around a random pixel of each image."""

    def inside(size: int) -> Tensor:
        first = torch.randint(0, size, (count, 1), generator=generator) - side // 2
        places = torch.arange(size)
        return (places >= first) & (places < first + side)

    return inside(height)[:, :, None] & inside(width)[:, None, :]
