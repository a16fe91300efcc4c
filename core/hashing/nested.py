"""Nested: one code of 128 bits, each beginning of which is a good code, so that one head serves every length.

The idea of Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022, for bits: the loss is a sum over
lengths, so that what tells most comes first. The loss of a length is OrthoHash's (see `core.hashing.orthohash`) on that
many first values, with class codes that are learned in place of fixed ones: a code whose every beginning tells the
classes apart as well as it can is not known beforehand. Matryoshka's own, a linear classifier for each length, learns
bits that need its weights; Hamming distance has none. A step takes some of the lengths at random and always the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np

from core.errors import BadInput
from core.hashing.head import LearnedHash
from core.hashing.orthohash import ortho_loss
from core.hashing.straight_through import straight_signs
from core.hashing.training_plan import Objective, Task, Training

if TYPE_CHECKING:
    from torch import Tensor

WHOLE = 128  # bits that are learned, whatever is asked for
STEP = 8  # bits between the lengths that have a loss


class Nested(LearnedHash):
    """The first `bits` of a code that is learned whole."""

    name = "nested"
    training = replace(Training(), hidden=512, rate=3e-3, output_norm=True, noise=0.6, mix=1.0)
    scale = 8.0
    margin = 0.2
    drawn = 2  # lengths of a step, beside the whole: four train no better and take a quarter longer

    def fit(self, X: np.ndarray, y: np.ndarray | None = None, similarity: np.ndarray | None = None) -> Self:
        """Learn all 128 bits and keep the first. BadInput as in `LearnedHash`, and for more bits than that."""
        if self.bits > WHOLE:
            raise BadInput(f"{self.bits} bits: nested gives at most {WHOLE}; ask for fewer, or use greedyhash")
        if self.bits == WHOLE:
            return super().fit(X, y, similarity)
        whole = type(self)(WHOLE, self.seed)
        whole.__dict__ |= {key: value for key, value in self.__dict__.items() if key != "bits"}
        self.arrays = whole.fit(X, y, similarity).cut(self.bits).arrays
        return self

    def objective(self, task: Task) -> Objective:
        import torch

        lengths = list(range(STEP, task.bits + 1, STEP))
        drawn = task.generator.standard_normal((task.classes, task.bits)).astype(np.float32)
        codes = torch.nn.Parameter(torch.from_numpy(drawn))

        def loss(values: Tensor, labels: Tensor, share: float) -> Tensor:
            few = task.generator.choice(lengths[:-1], self.drawn, replace=False)
            return nested_loss(values, codes, labels, [*few, lengths[-1]], self.scale, self.margin)

        return Objective(loss, [codes])


def nested_loss(
    values: Tensor, codes: Tensor, labels: Tensor, lengths: Sequence[int], scale: float, margin: float
) -> Tensor:
    """The mean of OrthoHash's loss over the first `lengths` of the values (n, bits), to the signs of codes (C, bits).

    The gradient goes through the signs as if they were not there.
    """
    signs = straight_signs(codes)
    losses = [ortho_loss(values[:, :length], signs[:, :length], labels, scale, margin) for length in lengths]
    return sum(losses[1:], losses[0]) / len(losses)
