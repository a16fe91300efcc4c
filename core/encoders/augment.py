"""Augmentation of image batches on tensors: cheaper here than a loader with worker processes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    """Random horizontal flip and translation by up to `shift` pixels (reflected border), one draw an image.

    `images` float32 (N, C, H, W); the result has the same shape. All randomness is from `generator`.
    """
    count, _, height, width = images.shape
    padded = functional.pad(images, (shift,) * 4, mode="reflect")
    flip = torch.rand(count, generator=generator) < 0.5
    padded = torch.where(flip[:, None, None, None], padded.flip(3), padded)
    rows, columns = torch.randint(0, 2 * shift + 1, (2, count), generator=generator)
    result = torch.empty_like(images)
    for row in range(2 * shift + 1):
        for column in range(2 * shift + 1):
            chosen = (rows == row) & (columns == column)
            result[chosen] = padded[chosen, :, row : row + height, column : column + width]
    return result
