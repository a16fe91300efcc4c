"""Semantic centres: every class has a code of its own, near those of the classes that a tree holds alike.

After Chen, Liu, Zhou, Ma, Chen & Zhang, "Deep Hashing with Semantic Hash Centers for Image Retrieval", TOIS 2025
(SHC): centres of -1 and 1 whose mutual Hamming distances follow class similarities and keep a least distance, then
CSQ's loss draws every image to its class's centre.

Three things differ here. The paper takes similarities from a classifier's confusions; here they are the squares of the
class tree's, which is what hierarchical precision is measured by. It finds the centres by an augmented Lagrangian whose
public code starts at centres of greatest least distance; here single bits are turned (`core.hashing.centres`), and the
least distance, in the paper the Gilbert-Varshamov bound, which leaves the tree no room, is a share of the bits. And
CSQ's loss gives the images of a class one code, an unsure image's too: such codes have less hierarchical precision than
GreedyHash, which knows of no tree (`benchmarks/centres.py`). So where an image lies among all the centres is learned
instead. With c_jk the cosine of the signs of an image's values and the centre of class k, q_jk the share of class k in
it (`core.hashing.mixer` makes batches of images that are unsure) and G the cosines wanted of classes
(`core.hashing.centres.wanted_cosine`), the loss is the mean of (c - q G)^2, weighted by 1 + 1000 q. The gradient goes
through the sign as if it were a tanh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.hashing.centres import alike_centres, least_bits, wanted_cosine
from core.hashing.head import LearnedHash
from core.hashing.straight_through import straight_signs
from core.hashing.training_plan import MIXED, Objective, Task

if TYPE_CHECKING:
    from torch import Tensor


class SemanticCentres(LearnedHash):
    """Regression of the cosines to all centres on those that the tree gives the classes an image may be of."""

    name = "semantic-centres"
    needs_similarity = True
    training = MIXED
    apart = 1 / 16  # least distance of two centres over the bits
    own = 1000.0  # that the centre of a class in the image weighs more than any

    def objective(self, task: Task) -> Objective:
        import torch

        centres, wanted = (torch.from_numpy(array.astype(np.float32)) for array in self.centres(task))

        def loss(values: Tensor, shares: Tensor, share: float) -> Tensor:
            return centre_loss(values, shares, centres, wanted, self.own)

        return Objective(loss)

    def centres(self, task: Task) -> tuple[np.ndarray, np.ndarray]:
        """The classes' codes int8 (C, bits) and wanted cosines float64 (C, C); BadInput for too few bits."""
        least_bits(task.classes, task.bits)
        assert task.similarity is not None  # `needs_similarity`
        similarity = np.square(np.maximum(task.similarity, 0.0))
        apart = max(1, round(self.apart * task.bits))
        return alike_centres(similarity, task.bits, apart, task.generator), wanted_cosine(similarity)


def centre_loss(values: Tensor, shares: Tensor, centres: Tensor, wanted: Tensor, own: float) -> Tensor:
    """The weighted mean square between cosines to centres (C, bits) and expected ones, of values (n, bits) in which
    classes have shares (n, C); `wanted` cosines (C, C) of classes. A class weighs 1 + own share."""
    cosines = straight_signs(values, values.tanh()) @ centres.T / values.shape[1]
    weights = 1.0 + own * shares
    return (weights * (cosines - shares @ wanted).square()).sum() / weights.sum()
