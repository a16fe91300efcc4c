"""GreedyHash: a classifier on the signs themselves, whose gradient goes through the sign as if it were not there.

Su, Zhang, Han & Tian, "Greedy Hash: Towards Fast Optimization for Accurate Hash Coding in CNN", NeurIPS 2018: cross-
entropy of a linear classifier on b = sign(u), with the straight-through gradient, plus alpha times the mean of
| |u| - 1 |^3, which keeps u near b. The public code is as the paper has it (no bias in the classifier, alpha 0.1 for
CIFAR); here the values go through batch normalisation before the sign, so that each bit is set for about half.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.hashing.head import LearnedHash
from core.hashing.straight_through import straight_signs
from core.hashing.training_plan import Objective, Task, Training

if TYPE_CHECKING:
    from torch import Tensor


class GreedyHash(LearnedHash):
    """Cross-entropy on signs."""

    name = "greedyhash"
    training = replace(Training(), output_norm=True, noise=0.6, mix=1.0)
    alpha = 0.1

    def objective(self, task: Task) -> Objective:
        from core.hashing.head_training import classifier

        weight, _ = classifier(task.generator, task.bits, task.classes)
        return Objective(lambda values, labels, share: greedy_loss(values, weight, labels, self.alpha), [weight])


def greedy_loss(values: Tensor, weight: Tensor, labels: Tensor, alpha: float) -> Tensor:
    """Cross-entropy of softmax(sign(values) @ weight) plus alpha mean | |values| - 1 |^3."""
    from torch.nn import functional

    entropy = functional.cross_entropy(straight_signs(values) @ weight, labels)
    return entropy + alpha * (values.abs() - 1.0).abs().pow(3).mean()
