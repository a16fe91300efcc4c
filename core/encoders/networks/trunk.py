"""The trunk of the networks that train here: whitened patches, then three groups of convolutions.

The design is airbench's (Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024), with SiLU instead of GELU,
which costs a fifth of the time on a CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.networks.filters import Filters

PATCH = 2  # side of the whitened patches, pixels
_REGULARISATION = 5e-4


class Group(nn.Module):
    """Two convolutions, halving the picture between them; with depth 3 a third and a residual path."""

    def __init__(self, channels_in: int, channels_out: int, depth: int) -> None:
        super().__init__()
        self.enter, self.enter_norm = Filters(channels_in, channels_out), nn.BatchNorm2d(channels_out)
        self.body, self.body_norm = Filters(channels_out, channels_out), nn.BatchNorm2d(channels_out)
        if depth == 3:
            self.last, self.last_norm = Filters(channels_out, channels_out), nn.BatchNorm2d(channels_out)
        self.depth = depth

    def forward(self, x: Tensor) -> Tensor:
        x = functional.silu(self.enter_norm(functional.max_pool2d(self.enter(x), 2)))
        path = self.body_norm(self.body(x))
        if self.depth == 3:
            path = self.last_norm(self.last(functional.silu(path))) + x
        return functional.silu(path)


class Trunk(nn.Module):
    """Standardised images (N, 3, H, W) to features (N, widths[-1]): the largest value of each channel."""

    def __init__(self, widths: tuple[int, ...], depth: int) -> None:
        super().__init__()
        patches = 3 * PATCH**2
        self.whiten = nn.Conv2d(3, 2 * patches, PATCH)
        self.whiten.weight.requires_grad = False
        inputs = (2 * patches, *widths[:-1])
        self.groups = nn.Sequential(*(Group(i, o, depth) for i, o in zip(inputs, widths, strict=True)))
        self.features = widths[-1]

    @torch.no_grad()
    def prepare(self, images: Tensor) -> None:
        """Filters that whiten patches of standardised `images`: eigenvectors of the patches and their negatives."""
        patches = images.unfold(2, PATCH, 1).unfold(3, PATCH, 1).transpose(1, 3).reshape(-1, 3 * PATCH**2)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        whitening = (vectors / torch.sqrt(values + _REGULARISATION)).T.reshape(-1, 3, PATCH, PATCH).flip(0)
        self.whiten.weight.copy_(torch.cat([whitening, -whitening]))
        assert self.whiten.bias is not None  # a convolution has one unless told otherwise
        nn.init.zeros_(self.whiten.bias)

    def filters(self) -> list[nn.Parameter]:
        """The weights of the 3 x 3 convolutions."""
        return [module.weight for module in self.modules() if isinstance(module, Filters)]

    def forward(self, x: Tensor) -> Tensor:
        return self.groups(functional.silu(self.whiten(x))).amax(dim=(2, 3))
