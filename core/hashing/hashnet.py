"""HashNet: pairs of one class are drawn together, all others apart, while tanh turns into the sign.

Cao, Long, Wang & Yu, "HashNet: Deep Learning to Hash by Continuation", ICCV 2017. With codes h = tanh(beta u) and
t = alpha <h_i, h_j>, the loss is the weighted negative log likelihood softplus(t) - s t over pairs; each kind of pair
(s = 1 of one class, else 0) has the same weight in all, and beta grows.

The public code weighs positives by a fixed number, takes its pairs between two batches of 36, and lets beta grow as
sqrt(1 + 0.005 steps) to 7 over 10,000 steps. Followed is the paper's balance, within one batch without the pairs of an
item with itself; beta grows to the same height over whatever number of steps there is. The public code's alpha is
10 / bits, and the paper leaves it open; on held-out images of CIFAR-100, 5 / bits is far better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.hashing.head import LearnedHash
from core.hashing.pairs import balanced, same_class
from core.hashing.training_plan import Objective, Task

if TYPE_CHECKING:
    from torch import Tensor


class HashNet(LearnedHash):
    """Pairwise likelihood with continuation."""

    name = "hashnet"
    sharpness = 5.0  # alpha times the bits
    steepest = 10.0  # beta at the end

    def objective(self, task: Task) -> Objective:
        alpha = self.sharpness / task.bits
        return Objective(
            lambda values, labels, share: hashnet_loss(
                (steepness(share, self.steepest) * values).tanh(), same_class(labels), alpha
            )
        )


def steepness(share: float, steepest: float) -> float:
    """beta = sqrt(1 + (steepest^2 - 1) share): 1 at the start, `steepest` at the end, the public code's shape."""
    return (1.0 + (steepest**2 - 1.0) * share) ** 0.5


def hashnet_loss(codes: Tensor, same: Tensor, alpha: float) -> Tensor:
    """softplus(t) - s t for t = alpha <h_i, h_j>, both kinds of pairs of `same` (n, n) weighted alike."""
    from torch.nn import functional

    inner = alpha * codes @ codes.T
    return balanced(functional.softplus(inner) - same * inner, same)
