"""Expected match: two codes lie as near as it is probable that their images are of one class.

This project's own. Average precision is greatest where items come by the probability that they are of the query's
class, q_i . q_j for class probabilities q. A code learns that from unsure images, of which few are seen in training:
batches are those of `core.hashing.mixer`, q the shares of the classes in each row. With c_ij the cosine of the
codes' signs, t = a c - o (a and o are learned), m_ij = q_i . q_j and w = (pairs / sum m)^(1/4), the loss is

    sum_{i != j} [w m softplus(-t) + (1 - m) softplus(t)] / (w sum m):

HashNet's likelihood (see `core.hashing.hashnet`) of soft pairs in place of equal labels, with an offset, so that codes
that are as near as by chance are no match. The gradient goes through the sign as if it were a tanh. Classes have no
order here: `core.hashing.semantic_centres` has one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.hashing.head import LearnedHash
from core.hashing.straight_through import straight_signs
from core.hashing.training_plan import MIXED, Objective, Task

if TYPE_CHECKING:
    from torch import Tensor


class ExpectedMatch(LearnedHash):
    """Likelihood of soft pairs."""

    name = "expected-match"
    training = replace(MIXED, epochs=16, hidden=1024)
    slope, offset = 10.0, 5.0  # a and o at the start
    power = 0.25  # of w

    def objective(self, task: Task) -> Objective:
        import torch

        slope, offset = (torch.nn.Parameter(torch.tensor(value)) for value in (self.slope, self.offset))

        def loss(values: Tensor, shares: Tensor, share: float) -> Tensor:
            return match_loss(slope * sign_cosine(values) - offset, shares @ shares.T, self.power)

        return Objective(loss, [slope, offset])


def sign_cosine(values: Tensor) -> Tensor:
    """The cosine of the signs of every two rows of values (n, bits), with the gradient that their tanh would have."""
    codes = straight_signs(values, values.tanh())
    return codes @ codes.T / values.shape[1]


def match_loss(logits: Tensor, match: Tensor, power: float) -> Tensor:
    """Cross-entropy of pairs (n, n) of different items, of probability sigmoid(logits), to the expected matches.

    Matches weigh (pairs / sum of matches)^power; the sum is divided by that of the weighted matches.
    """
    from torch.nn import functional

    other = 1.0 - logits.new_ones(len(logits)).diag()
    found = (match * other).sum().clamp(min=1e-6)
    weight = (other.sum() / found) ** power
    losses = weight * match * functional.softplus(-logits) + (1.0 - match) * functional.softplus(logits)
    return (losses * other).sum() / (weight * found)
