"""Deep Cauchy hashing: codes of one class lie within a few bits of each other, by a heavy-tailed likelihood.

Cao, Long, Liu & Wang, "Deep Cauchy Hashing for Hamming Space Retrieval", CVPR 2018. With h = tanh(u) and the distance
d_ij = bits / 2 (1 - cos(h_i, h_j)), the probability of a similar pair is gamma / (gamma + d), and the loss
w_ij [s log(d / gamma) + log(1 + gamma / d)], plus lambda times the Cauchy loss log(1 + d(|h|, 1) / gamma) that draws
values to -1 and 1.

The paper weighs pairs by |S| / |S1| and |S| / |S0|, gamma = 20. With 100 classes that draws all codes together: pairs
of different classes lie about gamma apart and their loss is flat there. Here gamma grows with the bits and the weight
has a power, 0 for none. The public code differs from its paper: squared Euclidean distance, positives alone weighted,
(|h| - 1)^2 with weight 0; the paper is followed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.hashing.head import LearnedHash
from core.hashing.pairs import balanced, same_class
from core.hashing.training_plan import Objective, Task, Training

if TYPE_CHECKING:
    from torch import Tensor

NEAREST = 1e-2  # bits: the likelihood of a pair at distance 0 is not finite


class DCH(LearnedHash):
    """Cauchy cross-entropy and Cauchy quantisation."""

    name = "dch"
    training = replace(Training(), mix=1.0)
    reach = 1 / 8  # gamma over the bits
    balance = 0.0  # power of the pairs' weights; the paper's is 1
    quantisation = 0.1  # lambda

    def objective(self, task: Task) -> Objective:
        gamma = self.reach * task.bits

        def loss(values: Tensor, labels: Tensor, share: float) -> Tensor:
            codes = values.tanh()
            pairs = cauchy_loss(cosine_distance(codes, codes), same_class(labels), gamma)
            return balanced(pairs, same_class(labels), self.balance) + self.quantisation * cauchy_quantisation(
                codes, gamma
            )

        return Objective(loss)


def cosine_distance(first: Tensor, second: Tensor) -> Tensor:
    """bits / 2 (1 - cos) of rows (n, bits) and (m, bits), the Hamming distance where they are signs: (n, m)."""
    from torch.nn import functional

    cosine = functional.normalize(first) @ functional.normalize(second).T
    return first.shape[1] / 2 * (1.0 - cosine)


def cauchy_loss(distance: Tensor, same: Tensor, gamma: float) -> Tensor:
    """s log(d / gamma) + log(1 + gamma / d) of each pair, (n, n)."""
    distance = distance.clamp(min=NEAREST)
    return same * (distance / gamma).log() + (gamma / distance).log1p()


def cauchy_quantisation(codes: Tensor, gamma: float) -> Tensor:
    """The mean of log(1 + d(|h|, 1) / gamma), d of each code's magnitudes to all ones."""
    ones = codes.new_ones(1, codes.shape[1])
    return (cosine_distance(codes.abs(), ones) / gamma).log1p().mean()
