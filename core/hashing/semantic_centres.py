"""Semantic centres: every class has a code of its own, near those of the classes that a tree holds alike.

After Chen, Liu, Zhou, Ma, Chen & Zhang, "Deep Hashing with Semantic Hash Centers for Image Retrieval", TOIS 2025
(SHC): centres of -1 and 1 whose mutual Hamming distances follow class similarities and keep a least distance, then the
loss of CSQ with a small quantisation term. An image that stands between two classes gets the bits that both share.

The paper takes the similarities from a classifier's confusions and finds the centres by an augmented Lagrangian whose
public code starts at centres of greatest least distance. Here they are the class tree's, which is what hierarchical
precision is measured by, and the centres are found by turning single bits (`core.hashing.centres`). The paper's least
distance is the Gilbert-Varshamov bound; so great a one leaves the tree no room, and a share of the bits is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.errors import BadInput
from core.hashing.centres import alike_centres
from core.hashing.csq import central_loss
from core.hashing.head import LearnedHash, Objective, Task

if TYPE_CHECKING:
    from torch import Tensor


class SemanticCentres(LearnedHash):
    """Bits of a centre that says where in the tree its class is."""

    name = "semantic-centres"
    needs_similarity = True
    quantisation = 1e-4  # lambda
    apart = 1 / 16  # least distance of two centres over the bits

    def objective(self, task: Task) -> Objective:
        import torch

        least = max(1, (task.classes - 1).bit_length())
        if task.bits < least:
            raise BadInput(
                f"{task.classes} classes have no {task.bits}-bit codes of their own: "
                f"expected {least} bits or more, or use greedyhash"
            )
        chosen = alike_centres(task.similarity, task.bits, max(1, round(self.apart * task.bits)), task.generator)
        centres = torch.from_numpy(chosen.astype(np.float32))

        def loss(values: Tensor, labels: Tensor, share: float) -> Tensor:
            return central_loss(values, centres[labels], self.quantisation)

        return Objective(loss)
