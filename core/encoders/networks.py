"""The networks trained here. Input float32 (N, 3, 32, 32) in [0, 1]; they normalise it themselves."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

# Channel means and deviations of CIFAR-100's training images.
MEAN = (0.5071, 0.4866, 0.4409)
DEVIATION = (0.2673, 0.2564, 0.2762)


class Encoded(NamedTuple):
    """What the semantic network says of a batch."""

    embedding: Tensor  # (N, d), unit norm
    latent: Tensor  # (N, bits), before the sigmoid; its sign is the code
    logits: Tensor  # (N, C)


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions beside an identity path (He et al., CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_block(channels, channels), _block(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Trunk(nn.Sequential):
    """A nine-layer residual network for 32 x 32 images; output (N, 8 * width)."""

    def __init__(self, width: int) -> None:
        super().__init__(
            _block(3, width),
            _block(width, 2 * width),
            nn.MaxPool2d(2),
            Residual(2 * width),
            _block(2 * width, 4 * width),
            nn.MaxPool2d(2),
            _block(4 * width, 8 * width),
            nn.MaxPool2d(2),
            Residual(8 * width),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )


class SemanticNetwork(nn.Module):
    """An embedding drawn to class vectors, after a sigmoid layer whose sign is a binary code.

    The source system puts one linear map between its 48 sigmoid units and its 100 outputs, so that its
    embeddings span 49 dimensions at most. Here a hidden layer stands between them: everything still passes
    through the units that make the code, and the embedding uses all its dimensions.
    """

    def __init__(self, width: int = 40, bits: int = 48, dimensions: int = 100, classes: int = 100) -> None:
        super().__init__()
        features = 8 * width
        self.trunk = Trunk(width)
        # Batch normalisation centres each unit, so that each bit is set for about half of the images.
        self.latent = nn.Sequential(nn.Linear(features, bits, bias=False), nn.BatchNorm1d(bits))
        self.project = nn.Sequential(nn.Linear(bits, 256), nn.ReLU(inplace=True), nn.Linear(256, dimensions))
        self.classify = nn.Linear(features, classes)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Encoded:
        features = self.trunk((images - self.mean) / self.deviation)
        latent = self.latent(features)
        embedding = functional.normalize(self.project(torch.sigmoid(latent)).float())
        return Encoded(embedding, latent.float(), self.classify(features).float())
