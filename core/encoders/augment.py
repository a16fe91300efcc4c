"""Augmentation of image batches on tensors: cheaper here than a loader with worker processes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, flipped: Tensor, shift: int, cutout: int, generator: torch.Generator) -> Tensor:
    """Mirror images where `flipped`, a random translation by up to `shift` pixels (reflected border), and a square of
    `cutout` pixels blanked to the batch's mean (DeVries & Taylor, 2017), one draw an image.

    `images` float32 (N, C, H, W), `flipped` bool (N,); the result has the same shape and device. All randomness is from
    `generator`, which is of the CPU, so that every device sees the same images.
    """
    count, _, height, width = images.shape
    padded = functional.pad(images, (shift,) * 4, mode="reflect").permute(0, 2, 3, 1)
    top, left = torch.randint(0, 2 * shift + 1, (2, count), generator=generator)
    columns = torch.arange(width)
    columns = torch.where(flipped[:, None], width - 1 - columns, columns)
    rows = (top[:, None] + torch.arange(height))[:, :, None]
    places = torch.arange(count)[:, None, None], rows, (left[:, None] + columns)[:, None, :]
    result = padded[tuple(place.to(images.device) for place in places)]
    if cutout:
        squares = _squares(count, height, width, cutout, generator).to(images.device)
        result = torch.where(squares[..., None], images.mean(), result)
    return result.permute(0, 3, 1, 2)


def cutmix(images: Tensor, generator: torch.Generator) -> tuple[Tensor, float]:
    """A rectangle of each image taken from the next one in the batch (CutMix, Yun et al., ICCV 2019, alpha = 1).

    `images` (N, C, H, W), in random order; one rectangle a batch. Returns the images and the share of each that is its
    own; the rest is the next one's, the first's after the last.
    """
    height, width = images.shape[2:]
    share, across, down = torch.rand(3, generator=generator).tolist()
    tall, wide = round(height * (1 - share) ** 0.5), round(width * (1 - share) ** 0.5)
    top, left = int(down * (height - tall + 1)), int(across * (width - wide + 1))
    mixed = images.clone()
    mixed[:, :, top : top + tall, left : left + wide] = images.roll(-1, 0)[:, :, top : top + tall, left : left + wide]
    return mixed, 1.0 - tall * wide / (height * width)


def _squares(count: int, height: int, width: int, side: int, generator: torch.Generator) -> Tensor:
    """bool (N, H, W): a square of this side (cut at the border) around a random pixel of each image."""

    def inside(size: int) -> Tensor:
        first = torch.randint(0, size, (count, 1), generator=generator) - side // 2
        places = torch.arange(size)
        return (places >= first) & (places < first + side)

    return inside(height)[:, :, None] & inside(width)[:, None, :]
