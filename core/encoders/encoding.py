"""What a network says of many images."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor

from core.encoders.device import mixed_precision
from core.encoders.encoded import EncodedImages
from core.encoders.networks.base import Network


def to_tensor(images: np.ndarray) -> Tensor:
    """uint8 (N, H, W, C) to float32 (N, C, H, W) in [0, 1], channels last in memory."""
    return to_unit(torch.from_numpy(np.ascontiguousarray(images)))


def to_unit(images: Tensor) -> Tensor:
    """The same of a tensor, on its own device."""
    return images.permute(0, 3, 1, 2).float().div_(255)


@torch.inference_mode()
def encode_images(
    network: Network, images: np.ndarray, batch_size: int = 500, flip: bool = False, fast: bool = False
) -> EncodedImages:
    """Encode uint8 images (N, 32, 32, 3).

    With `flip` the outputs of an image and its mirror image are averaged; `fast` computes in bfloat16 where that helps.
    """
    network.eval()
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(images), batch_size):
        batch = to_tensor(images[start : start + batch_size]).to(device, memory_format=torch.channels_last)
        with mixed_precision(device) if fast else nullcontext():
            outputs = [network(batch), network(batch.flip(3))] if flip else [network(batch)]
        mean = [torch.stack(values).mean(dim=0).float() for values in zip(*outputs, strict=True)]
        parts.append([values.cpu() for values in (mean[0], mean[1].softmax(dim=1), mean[2])])
    return EncodedImages(*(torch.cat(values).numpy() for values in zip(*parts, strict=True)))
