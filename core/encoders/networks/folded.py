"""A residual trunk as it encodes: every batch normalisation is folded into the convolution before it.

What is said of a picture stays the same but for rounding, in a quarter less time: the normalisations are gone, weights
are converted and laid out once in place of each batch, and no value is kept for a gradient.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.networks.base import Network
from core.encoders.networks.filters import Filters
from core.encoders.networks.residual import Block, Gate, ResidualTrunk


def folded(network: Network, dtype: torch.dtype = torch.float32) -> Network:
    """A copy of a network that encodes and cannot be trained, its trunk computing in `dtype`.

    The small trunk has a pooling between convolution and normalisation, and takes little time: a network of another
    trunk than the residual one is given back as it is.
    """
    trunk = network.trunk
    if not isinstance(trunk, ResidualTrunk):
        return network
    return copy.deepcopy(network, {id(trunk): FoldedTrunk(trunk, dtype)}).eval().requires_grad_(False)


class FoldedTrunk(nn.Module):
    """Standardised images (N, 3, H, W) of any format to features float32 (N, d), as the trunk in evaluation mode."""

    def __init__(self, trunk: ResidualTrunk, dtype: torch.dtype) -> None:
        super().__init__()
        self.stem = folded_filters(trunk.stem, trunk.stem_norm, dtype)
        self.blocks = nn.Sequential(*(FoldedBlock(cast(Block, block), dtype) for block in trunk.blocks))
        self.features = trunk.features

    def forward(self, x: Tensor) -> Tensor:
        # Autocast would have each pooling in float32, and convert what is between.
        with torch.autocast(x.device.type, enabled=False):
            x = functional.silu(self.stem(x.to(self.stem.weight.dtype)), inplace=True)
            return _means(self.blocks(x)).flatten(1).float()


class FoldedBlock(nn.Module):
    """A block of the residual trunk; it writes over what it made itself."""

    def __init__(self, block: Block, dtype: torch.dtype) -> None:
        super().__init__()
        self.enter = folded_filters(block.enter, block.enter_norm, dtype)
        self.leave = folded_filters(block.leave, block.leave_norm, dtype)
        project = cast("tuple[Filters, nn.BatchNorm2d] | None", block.project)
        self.project = None if project is None else folded_filters(*project, dtype)
        self.gate = FoldedGate(block.gate, dtype)
        self.stride = block.stride

    def forward(self, x: Tensor) -> Tensor:
        path = self.leave(functional.silu(self.enter(x), inplace=True))
        if self.stride > 1:
            x = functional.avg_pool2d(x, self.stride)
        if self.project is not None:
            x = self.project(x)
        return functional.silu(torch.addcmul(x, path, self.gate(path)), inplace=True)


class FoldedGate(nn.Module):
    """The shares (N, C, 1, 1) of squeeze-and-excitation, which scale the channels."""

    def __init__(self, gate: Gate, dtype: torch.dtype) -> None:
        super().__init__()
        self.squeeze, self.excite = (copy.deepcopy(layer).to(dtype) for layer in (gate.squeeze, gate.excite))

    def forward(self, x: Tensor) -> Tensor:
        units = functional.relu(self.squeeze(_means(x).flatten(1)))
        return torch.sigmoid(self.excite(units))[:, :, None, None]


@torch.no_grad()
def folded_filters(filters: Filters, norm: nn.BatchNorm2d, dtype: torch.dtype) -> nn.Conv2d:
    """Filters and the normalisation that follows, by its running statistics, as one convolution with a bias."""
    channels_out, side = len(filters.weight), filters.side
    result = nn.Conv2d(filters.channels_in, channels_out, side, filters.stride, side // 2)
    assert norm.running_mean is not None and norm.running_var is not None  # it was trained
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    weight = filters.weight.double() * scale[:, None]
    result.weight = nn.Parameter(weight.view_as(result.weight))
    result.bias = nn.Parameter(norm.bias.double() - norm.running_mean.double() * scale)
    return result.to(dtype).to(memory_format=torch.channels_last)


def _means(x: Tensor) -> Tensor:
    """The mean (N, C, 1, 1) of each channel: `mean` takes several times as long of channels that lie last."""
    return functional.avg_pool2d(x, x.shape[2:])
