"""Latent-sigmoid: the bits are a hidden layer of a classifier, a bit where its sigmoid passes 0.5.

Lin, Yang, Hsiao & Chen, "Deep Learning of Binary Hash Codes for Fast Image Retrieval", CVPR Workshops 2015: a
sigmoid layer of `bits` units before the classifier, trained by cross-entropy alone. An activation sigmoid(u) passes
0.5 where u passes 0, so codes are made of u. Encoders that train such a layer of their own have its codes stored; on
any other embeddings it is a head. The public code has the layer in the network and thresholds at >= 0.5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.hashing.head import LearnedHash
from core.hashing.training_plan import Objective, Task, Training

if TYPE_CHECKING:
    from torch import Tensor


class LatentSigmoid(LearnedHash):
    """A layer before a classifier of the labels."""

    name = "latent-sigmoid"
    training = replace(Training(), rate=3e-3, noise=0.6, mix=1.0)

    def objective(self, task: Task) -> Objective:
        from core.hashing.head_training import classifier

        weight, bias = classifier(task.generator, task.bits, task.classes)
        return Objective(lambda values, labels, share: latent_loss(values, weight, bias, labels), [weight, bias])


def latent_loss(values: Tensor, weight: Tensor, bias: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of softmax(sigmoid(values) @ weight + bias); values (n, bits), weight (bits, C), bias (C,)."""
    from torch.nn import functional

    return functional.cross_entropy(values.sigmoid() @ weight + bias, labels)
