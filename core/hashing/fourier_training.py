"""The two trainings of FourierHashNet: the maps of queries and of items, then their bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.hashing import dominance
from core.hashing.head_training import minimise, one_torch_thread, weights
from core.hashing.pairs import same_class
from core.hashing.planes import balance, fence, ranking

if TYPE_CHECKING:
    from core.hashing.fourier_hashnet import FourierHashNet


def train_fourier(
    X: np.ndarray, labels: np.ndarray, frequencies: np.ndarray, method: FourierHashNet, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """The trained arrays of the method, float64, for features float32 (N, d) from -1 to 1 and labels int64 (N,)."""
    with one_torch_thread():
        maps = _Maps(frequencies.astype(np.float64), method.middle, generator)
        targets = torch.from_numpy(labels)
        _train_maps(maps, X, targets, method, generator)
        output = nn.Parameter(
            torch.from_numpy(generator.standard_normal((method.middle, method.bits)).astype(np.float32))
        )
        bias = nn.Parameter(torch.zeros(method.bits))
        _train_bits(maps, output, bias, X, targets, method, generator)
        return {**maps.folded(), "output": _numpy(output), "output_bias": _numpy(bias)}


class _Maps:
    """Fourier maps of queries and items, and the linear maps behind them."""

    def __init__(self, frequencies: np.ndarray, middle: int, generator: np.random.Generator) -> None:
        self.frequencies = frequencies
        size = 4 * frequencies.size
        self.linear = {side: weights(generator, size, middle) for side in ("queries", "gallery")}
        self.bias = {side: nn.Parameter(torch.zeros(middle)) for side in self.linear}

    def __call__(self, X: np.ndarray, side: str) -> Tensor:
        """Unit rows float32 (n, middle)."""
        make = dominance.query_map if side == "queries" else dominance.gallery_map
        mapped = torch.from_numpy(make(X.astype(np.float64), self.frequencies).astype(np.float32))
        return functional.normalize(mapped @ self.linear[side] + self.bias[side])

    def folded(self) -> dict[str, np.ndarray]:
        """The linear maps of plain cosines and sines: the Fourier maps weigh each of them twice."""
        real, imaginary = (part.ravel() for part in dominance.term_weights(self.frequencies))
        roots = [np.sqrt(np.abs(part))[:, None] for part in (real, imaginary)]
        signs = [np.sign(part)[:, None] for part in (real, imaginary)]
        arrays = {f"{side}_bias": _numpy(bias) for side, bias in self.bias.items()}
        first, second, third, fourth = np.split(_numpy(self.linear["gallery"]), 4)
        arrays["gallery"] = np.concatenate([roots[0] * first + roots[1] * third, roots[0] * second + roots[1] * fourth])
        first, second, third, fourth = np.split(_numpy(self.linear["queries"]), 4)
        roots = [root * sign for root, sign in zip(roots, signs, strict=True)]
        arrays["queries"] = np.concatenate([roots[0] * first + roots[1] * fourth, roots[0] * second - roots[1] * third])
        return arrays


def _train_maps(
    maps: _Maps, X: np.ndarray, targets: Tensor, method: FourierHashNet, generator: np.random.Generator
) -> None:
    from core.hashing.fourier_hashnet import relevance_loss

    def loss(rows: Tensor, share: float) -> Tensor:
        batch = X[rows.numpy()]
        return relevance_loss(maps(batch, "queries") @ maps(batch, "gallery").T, same_class(targets[rows]))

    parameters = [*maps.linear.values(), *maps.bias.values()]
    minimise([{"params": parameters}], method.maps_training, generator, len(X), loss)


def _train_bits(
    maps: _Maps,
    output: nn.Parameter,
    bias: nn.Parameter,
    X: np.ndarray,
    targets: Tensor,
    method: FourierHashNet,
    generator: np.random.Generator,
) -> None:
    with torch.no_grad():
        parts = np.array_split(X, math.ceil(len(X) / 4096))
        middle = {side: torch.cat([maps(part, side) for part in parts]) for side in maps.linear}

    def loss(rows: Tensor, share: float) -> Tensor:
        queries, items = ((middle[side][rows] @ output + bias).tanh() for side in ("queries", "gallery"))
        both = torch.cat([queries, items])
        ranked = ranking(queries @ items.T / output.shape[1], same_class(targets[rows]), method.margin)
        rest = 1.0 - method.fencing - method.rank
        return method.fencing * fence(both) + method.rank * ranked + rest * balance(both)

    minimise([{"params": [output, bias]}], method.bits_training, generator, len(X), loss)


def _numpy(values: Tensor) -> np.ndarray:
    return values.detach().numpy().astype(np.float64)
