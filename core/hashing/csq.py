"""Central similarity quantisation: every class has a code of its own, far from all others, to be hit bit by bit.

Yuan, Wang, Zhang, Tay, Jie, Liu & Feng, "Central Similarity Quantization for Efficient Image and Video Retrieval",
CVPR 2020: binary cross-entropy between (tanh(u) + 1) / 2 and the bits of the class's centre, plus lambda times a term
that draws |tanh(u)| to 1. Centres are rows of a Hadamard matrix and its negative where there are enough of them; else
the paper draws bits at random.

Here the random draw gives way to a linear code (`core.hashing.centres`), whose least distance is greater. The paper's
quantisation term is log cosh(|2h - 1| - 1); the public code's, its square, is nearly the same and is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.hashing.centres import spread_centres
from core.hashing.head import LearnedHash
from core.hashing.training_plan import Objective, Task

if TYPE_CHECKING:
    from torch import Tensor


class CSQ(LearnedHash):
    """Bits of the class's centre, one by one."""

    name = "csq"
    quantisation = 1e-3  # lambda

    def objective(self, task: Task) -> Objective:
        import torch

        chosen = spread_centres(task.classes, task.bits, task.generator)
        centres = torch.from_numpy(chosen.astype(np.float32))
        return Objective(lambda values, labels, share: central_loss(values, centres[labels], self.quantisation))


def central_loss(values: Tensor, centres: Tensor, quantisation: float) -> Tensor:
    """Mean cross-entropy of the bits plus quantisation mean (|tanh(values)| - 1)^2; centres (n, bits) of -1 and 1.

    (tanh(u) + 1) / 2 is sigmoid(2 u), which is finite as a logarithm where tanh(u) is rounded to 1.
    """
    from torch.nn import functional

    entropy = functional.binary_cross_entropy_with_logits(2.0 * values, (centres + 1.0) / 2.0)
    return entropy + quantisation * (values.tanh().abs() - 1.0).square().mean()
