"""What a network says of many images."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor

from core.encoders.device import mixed_precision
from core.encoders.encoded import EncodedImages
from core.encoders.networks.base import Network
from core.encoders.spread import spread

_LEAST_PART = 16  # images: fewer take longer each
_CPU_BATCH = 50  # network inputs per thread, whose activations glibc reuses: see `encode_images`


def to_tensor(images: np.ndarray) -> Tensor:
    """uint8 (N, H, W, C) to float32 (N, C, H, W) in [0, 1], channels last in memory."""
    return to_unit(torch.from_numpy(np.ascontiguousarray(images)))


def to_unit(images: Tensor) -> Tensor:
    """The same of a tensor, on its own device."""
    return images.permute(0, 3, 1, 2).float().div_(255)


def encode_images(
    network: Network, images: np.ndarray, batch_size: int = 500, flip: bool = False, fast: bool = False
) -> EncodedImages:
    """Encode uint8 images (N, 32, 32, 3), about `batch_size` at a time; on a CPU its cores share them.

    A CPU's thread takes at most 50 at a time. glibc maps blocks above 32 MB anew at each allocation: with batches of
    500 on two cores, 500 images and their mirror images took 0.85 s by `classifier` and 10.8 s by `semantic`; with 100
    they took 0.69 and 9.9 s, for the same values (minima of alternating runs, AMD EPYC).
    With `flip` the outputs of an image and its mirror image are averaged; `fast` computes in bfloat16 where that helps.
    """
    network.eval()
    device = next(network.parameters()).device

    def encode(part: slice) -> list[Tensor]:
        return _encode(network, to_tensor(images[part]).to(device), flip, fast)

    if device.type == "cpu":
        batch_size = min(batch_size, _CPU_BATCH * torch.get_num_threads())
    size = max(1, batch_size // 2) if flip else batch_size
    if device.type == "cpu":
        size = min(size, max(_LEAST_PART, size // torch.get_num_threads()))
    parts = [slice(start, start + size) for start in range(0, len(images), size)]
    encoded = spread(encode, parts) if device.type == "cpu" else [encode(part) for part in parts]
    return EncodedImages(*(torch.cat(values).numpy() for values in zip(*encoded, strict=True)))


@torch.inference_mode()
def _encode(network: Network, batch: Tensor, flip: bool, fast: bool) -> list[Tensor]:
    """Embeddings, probabilities and latent values of images float32 (N, 3, 32, 32), on the CPU."""
    # With its mirror image in one batch: a single picture would have the weights read twice.
    batch = torch.cat([batch, batch.flip(3)]) if flip else batch
    with mixed_precision(batch.device) if fast else nullcontext():
        outputs = network(batch.contiguous(memory_format=torch.channels_last))
    embedding, logits, latent = (values.float() for values in outputs)
    if flip:
        embedding, logits, latent = (_halves_mean(values) for values in (embedding, logits, latent))
    return [values.cpu() for values in (embedding, logits.softmax(dim=1), latent)]


def _halves_mean(values: Tensor) -> Tensor:
    return torch.stack(values.chunk(2)).mean(dim=0)
