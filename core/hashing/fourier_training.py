"""The two trainings of FourierHashNet: the maps of queries and of items, then their bits."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.hashing.dominance import term_weights
from core.hashing.head_training import minimise, one_torch_thread, weights
from core.hashing.pairs import balanced, same_class
from core.hashing.planes import balance, fence, ranking
from core.hashing.training_plan import Training


class TrainsFourier(Protocol):
    """The method's numbers that a training needs."""

    bits: int
    maps_training: Training
    bits_training: Training
    middle: int  # dimensions between the Fourier map and the bits
    fencing: float  # weights of the terms of the loss of bits; balance has the rest
    rank: float
    margin: float  # of code cosines


def train_fourier(
    X: np.ndarray, labels: np.ndarray, frequencies: np.ndarray, method: TrainsFourier, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """The trained arrays of the method, float64, for features float32 (N, d) from -1 to 1 and labels int64 (N,)."""
    with one_torch_thread():
        maps = _Maps(frequencies.astype(np.float64), method.middle, generator)
        features, targets = torch.from_numpy(X), torch.from_numpy(labels)
        _train_maps(maps, features, targets, method, generator)
        output = nn.Parameter(
            torch.from_numpy(generator.standard_normal((method.middle, method.bits)).astype(np.float32))
        )
        bias = nn.Parameter(torch.zeros(method.bits))
        _train_bits(maps, output, bias, features, targets, method, generator)
        return {**maps.folded(), "output": _numpy(output), "output_bias": _numpy(bias)}


class _Maps:
    """Fourier maps of queries and items, and the linear maps behind them.

    A Fourier map is the plain waves, each weighed twice (`core.hashing.dominance`); the weights are multiplied into
    the linear map, so that both sides of a batch share their waves.
    """

    def __init__(self, frequencies: np.ndarray, middle: int, generator: np.random.Generator) -> None:
        self.frequencies = torch.from_numpy(frequencies.astype(np.float32))
        size = 4 * frequencies.size
        self.linear = {side: weights(generator, size, middle) for side in ("queries", "gallery")}
        self.bias = {side: nn.Parameter(torch.zeros(middle)) for side in self.linear}
        terms = [torch.from_numpy(part.ravel()[:, None].astype(np.float32)) for part in term_weights(frequencies)]
        self.roots = [part.abs().sqrt() for part in terms]
        self.signed = [part.sign() * root for part, root in zip(terms, self.roots, strict=True)]

    def waves(self, X: Tensor) -> Tensor:
        """Cosines, then sines, of frequency times feature: float32 (n, d) -> (n, 2 d m)."""
        angles = (X[:, :, None] * self.frequencies).flatten(1)
        return torch.cat([angles.cos(), angles.sin()], dim=1)

    def __call__(self, waves: Tensor, side: str) -> Tensor:
        """Unit rows float32 (n, middle) of waves (n, 2 d m)."""
        return functional.normalize(waves @ self.of_waves(side) + self.bias[side])

    def of_waves(self, side: str) -> Tensor:
        """The linear map of plain waves, (2 d m, middle)."""
        first, second, third, fourth = self.linear[side].chunk(4)
        (real, imaginary), sign = (self.roots, 1.0) if side == "gallery" else (self.signed, -1.0)
        if side == "queries":
            third, fourth = fourth, third
        return torch.cat([real * first + imaginary * third, real * second + sign * imaginary * fourth])

    def folded(self) -> dict[str, np.ndarray]:
        """The linear maps of plain waves and their biases, float64."""
        arrays = {side: _numpy(self.of_waves(side)) for side in self.linear}
        return {**arrays, **{f"{side}_bias": _numpy(bias) for side, bias in self.bias.items()}}


def _train_maps(
    maps: _Maps, features: Tensor, targets: Tensor, method: TrainsFourier, generator: np.random.Generator
) -> None:
    def loss(rows: Tensor, share: float) -> Tensor:
        waves = maps.waves(features[rows])
        return relevance_loss(maps(waves, "queries") @ maps(waves, "gallery").T, same_class(targets[rows]))

    parameters = [*maps.linear.values(), *maps.bias.values()]
    minimise([{"params": parameters}], method.maps_training, generator, len(features), loss)


def _train_bits(
    maps: _Maps,
    output: nn.Parameter,
    bias: nn.Parameter,
    features: Tensor,
    targets: Tensor,
    method: TrainsFourier,
    generator: np.random.Generator,
) -> None:
    with torch.no_grad():
        parts = features.tensor_split(math.ceil(len(features) / 4096))
        both = [[maps(waves, side) for side in maps.linear] for waves in map(maps.waves, parts)]
        middle = dict(zip(maps.linear, map(torch.cat, zip(*both, strict=True)), strict=True))

    def loss(rows: Tensor, share: float) -> Tensor:
        queries, items = ((middle[side][rows] @ output + bias).tanh() for side in ("queries", "gallery"))
        both = torch.cat([queries, items])
        ranked = ranking(queries @ items.T / output.shape[1], same_class(targets[rows]), method.margin)
        rest = 1.0 - method.fencing - method.rank
        return method.fencing * fence(both) + method.rank * ranked + rest * balance(both)

    minimise([{"params": [output, bias]}], method.bits_training, generator, len(features), loss)


def _numpy(values: Tensor) -> np.ndarray:
    return values.detach().numpy().astype(np.float64)


def relevance_loss(cosine: Tensor, same: Tensor) -> Tensor:
    """Cross-entropy of the probability (cosine + 1) / 2 of each pair, both kinds of pairs weighted alike; (n, n)."""
    chance = ((cosine + 1.0) / 2.0).clamp(1e-6, 1.0 - 1e-6)
    return balanced(-(same * chance.log() + (1.0 - same) * (1.0 - chance).log()), same)
