"""Expected similarity: two codes lie as near as their images' classes are expected to be in the class tree.

This project's own: `core.hashing.expected_match` for hierarchical precision. With c_ij the cosine of the codes' signs,
q the shares of the classes in each row of a batch (`core.hashing.mixer`), G the wanted cosines of the classes' codes
(the tree's similarities, moved to a mean of 0: `core.hashing.centres.wanted_cosine`) and m_ij = q_i . q_j, the loss is
the mean of (c - q_i G q_j)^2 over i != j, a pair weighted by 1 + 100 m, since few pairs are of one class. Unlike
semantic centres, class codes are not chosen beforehand, and an unsure image's lies by all classes that it may be of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.hashing.centres import wanted_cosine
from core.hashing.expected_match import ExpectedMatch, sign_cosine
from core.hashing.head import LearnedHash, Objective, Task
from core.hashing.mixture import Mixture

if TYPE_CHECKING:
    from torch import Tensor


class ExpectedSimilarity(LearnedHash):
    """Regression of code cosines on expected similarities."""

    name = "expected-similarity"
    needs_similarity = True
    training = replace(ExpectedMatch.training, epochs=9, rate=3e-3, hidden=512, mixture=Mixture(reach=12.0))
    matches = 100.0  # that a match weighs more than any pair

    def objective(self, task: Task) -> Objective:
        import torch

        wanted = torch.from_numpy(wanted_cosine(task.similarity).astype(np.float32))

        def loss(values: Tensor, shares: Tensor, share: float) -> Tensor:
            weights = 1.0 + self.matches * shares @ shares.T
            return similarity_loss(sign_cosine(values), shares @ wanted @ shares.T, weights)

        return Objective(loss)


def similarity_loss(cosine: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean square between cosines and wanted ones (n, n) over pairs of different items."""
    weights = weights * (1.0 - weights.new_ones(len(weights)).diag())
    return (weights * (cosine - wanted).square()).sum() / weights.sum().clamp(min=1e-6)
