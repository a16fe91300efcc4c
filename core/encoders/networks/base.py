"""What every network takes and gives."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.encoders.recipes.base import Recipe

# Channel means and deviations of CIFAR-100's training images.
MEAN = (0.5071, 0.4866, 0.4409)
DEVIATION = (0.2673, 0.2564, 0.2762)


class Encoded(NamedTuple):
    """What a network says of a batch, all float32."""

    embedding: Tensor  # (N, d)
    logits: Tensor  # (N, C)
    latent: Tensor  # (N, bits): its sign is the network's own code; (N, 0) where it has none


class Network(nn.Module):
    """Images float32 (N, 3, H, W) in [0, 1] to `Encoded`; `loss` is what training lowers.

    `mean` and `deviation` are those of the images' channels.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, recipe: Recipe, mean: tuple[float, ...] = MEAN, deviation: tuple[float, ...] = DEVIATION
    ) -> None:
        super().__init__()
        self.recipe = recipe
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))

    def prepare(self, images: Tensor) -> None:
        """Set what is computed from training images before the first step; nothing by default."""

    def standardise(self, images: Tensor) -> Tensor:
        """Images with channels of mean 0 and deviation 1."""
        return (images - self.mean) / self.deviation

    def loss(self, encoded: Encoded, labels: Tensor) -> Tensor:
        """The objective of a batch with classes int64 (N,)."""
        raise NotImplementedError

    @property
    def weight_count(self) -> int:
        """Number of weights, trained or fixed; the statistics of batch normalisation left out."""
        return sum(weight.numel() for weight in self.parameters())

    def own_rates(self) -> dict[nn.Parameter, float]:
        """Parameters that learn at a rate of their own."""
        return {}
