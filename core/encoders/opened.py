"""An encoder that was trained here, whatever its kind: opened from its file of weights, and put to use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.encoders.encoded import EncodedImages
from core.encoders.visual_words.bag import BagOfWords
from core.encoders.visual_words.weights import holds_bag, load_bag

if TYPE_CHECKING:
    from core.encoders.networks.base import Network

    Encoder = Network | BagOfWords


def open_weights(path: str | Path) -> Encoder:
    """The network, or the bag of visual words, of a .safetensors file; BadInput for any other file."""
    if holds_bag(path):
        return load_bag(path)
    from core.encoders.weights import load_network  # PyTorch takes seconds

    return load_network(path)


def ready_to_encode(encoder: Encoder, fast: bool = False) -> Encoder:
    """The same encoder, quicker and no longer to be trained; to be encoded with in bfloat16, with `fast`, or not."""
    if isinstance(encoder, BagOfWords):
        return encoder
    import torch

    from core.encoders.device import fast_format
    from core.encoders.networks.folded import folded

    device = next(encoder.parameters()).device
    return folded(encoder, fast_format(device) if fast else torch.float32)


def encode_images(
    encoder: Encoder, images: np.ndarray, batch_size: int = 500, flip: bool = False, fast: bool = False
) -> EncodedImages:
    """Encode uint8 images (N, 32, 32, 3); see `core.encoders.encoding`. A bag's recipe itself says of mirror images."""
    if isinstance(encoder, BagOfWords):
        return encoder.encode(images)
    from core.encoders import encoding

    return encoding.encode_images(encoder, images, batch_size, flip, fast)
