"""OrthoHash: one loss, the cosine between the values and a fixed code of the class, as a classifier with a margin.

Hoe, Ng, Zhang, Chan, Song & Xiang, "One Loss for All: Deep Hashing with a Single Cosine Similarity based Learning
Objective", NeurIPS 2021: cross-entropy of s (cos(u, c_k) - m [k = y]) over classes k, with codes c_k of -1 and 1 and
batch normalisation of u. A great cosine to a code is a small quantisation error, so no other term is needed.

The public code draws c_k at random; the paper asks for orthogonal ones and takes random ones as nearly so. Here they
are as far apart as `core.hashing.centres` finds: orthogonal or opposite where a Hadamard matrix fits. s and m are the
public code's for 100 classes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.hashing.centres import spread_centres
from core.hashing.head import LearnedHash
from core.hashing.training_plan import Objective, Task, Training

if TYPE_CHECKING:
    from torch import Tensor


class OrthoHash(LearnedHash):
    """Cosine to fixed codes, with a margin."""

    name = "orthohash"
    training = replace(Training(), output_norm=True)
    scale = 8.0
    margin = 0.2

    def objective(self, task: Task) -> Objective:
        import torch

        chosen = spread_centres(task.classes, task.bits, task.generator)
        centres = torch.from_numpy(chosen.astype(np.float32))
        return Objective(lambda values, labels, share: ortho_loss(values, centres, labels, self.scale, self.margin))


def ortho_loss(values: Tensor, centres: Tensor, labels: Tensor, scale: float, margin: float) -> Tensor:
    """Cross-entropy of scale (cos(values, centres) - margin at the label); centres (C, bits) of -1 and 1."""
    from torch.nn import functional

    cosine = functional.normalize(values) @ functional.normalize(centres).T
    return functional.cross_entropy(scale * (cosine - margin * functional.one_hot(labels, len(centres))), labels)
