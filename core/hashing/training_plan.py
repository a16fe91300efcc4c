"""How a hash is trained: epochs and rates, what its loss is made for, and what a trainer asks of a method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.hashing.mixture import Mixture

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 2048  # rows encoded at a time: a chunk's hidden values stay in the processor's cache


@dataclass(frozen=True)
class Training:
    """How a head is trained: Adam under a rate that falls to zero as a cosine."""

    epochs: int = 20
    batch: int = 256
    rate: float = 1e-3
    weight_decay: float = 0.0  # AdamW's, of the two matrices
    hidden: int = 256  # units of the hidden layer
    output_norm: bool = False  # batch normalisation of the values too, so that a bit is set for about half
    noise: float = 0.0  # standard deviation added to the features while training, in units of their own
    mix: float = 0.0  # share of the steps that are shown means of two alike images of two classes, with both losses
    mixture: Mixture | None = None  # batches of unsure images: the loss is then given shares for labels
    least_steps: int = 400  # more epochs where the rows are few


# What the hashes that learn from unsure images start from.
MIXED = Training(epochs=12, batch=512, rate=2e-3, output_norm=True, noise=0.05, mixture=Mixture())


@dataclass(frozen=True)
class Task:
    """What a loss is made for: the code's length, the classes from 0 to classes - 1 and their similarity."""

    bits: int
    classes: int
    similarity: np.ndarray | None  # float64 (C, C)
    generator: np.random.Generator


@dataclass(frozen=True)
class Objective:
    """`loss(values, labels, share)` of values float32 (n, bits) and labels int64 (n,); share of the run done, 0 to 1.

    Where the training has a mixture, labels are the shares of the classes in each row, float32 (n, C). `parameters` are
    what the loss learns beside the head, such as a classifier's weights.
    """

    loss: Callable[[Tensor, Tensor, float], Tensor]
    parameters: list[Tensor] = field(default_factory=list)


class TrainsHead(Protocol):
    """A method that trains a head by a loss on labels."""

    training: Training

    def objective(self, task: Task) -> Objective:
        """The loss, and what it learns with."""


class TrainsPlanes(Protocol):
    """A method that trains planes by a loss on features alone."""

    seed: int
    training: Training
    spread: float  # standard deviation that values start with

    def loss(self, values: Tensor, features: Tensor) -> Tensor:
        """Of values float32 (n, bits) and the features float32 (n, d) that they are of, centred and scaled."""


def feature_scale(X: np.ndarray, mean: np.ndarray) -> float:
    """Root of the mean variance of the features: one scale for all, which keeps their geometry."""
    total = sum(
        float(np.square(X[start : start + ROWS].astype(np.float64) - mean).sum()) for start in range(0, len(X), ROWS)
    )
    return float(np.sqrt(total / X.size))
