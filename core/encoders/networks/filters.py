"""Convolutions whose weights are one matrix, as Muon wants them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Filters(nn.Module):
    """A convolution of `side` x `side` pixels (odd), its weights one matrix (out, in * side * side).

    They start as the identity on the first channels, so that a deep trunk passes its input on.
    """

    def __init__(self, channels_in: int, channels_out: int, side: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.channels_in, self.side, self.stride = channels_in, side, stride
        weight = torch.empty(channels_out, channels_in, side, side)
        nn.init.kaiming_normal_(weight)
        nn.init.dirac_(weight[: min(channels_in, channels_out)])
        self.weight = nn.Parameter(weight.flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.view(-1, self.channels_in, self.side, self.side)
        return functional.conv2d(x, weight, stride=self.stride, padding=self.side // 2)
