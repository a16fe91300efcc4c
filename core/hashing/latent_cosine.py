"""Latent-cosine: the latent sigmoid layer, trained to give the class vectors of a tree in place of class numbers.

The project "Fast Image Retrieval using Binary Hashes and Network of Word Associations" (R. Saha, 2023) keeps the layer
of Lin et al. (CVPR Workshops 2015; see `core.hashing.latent_sigmoid`) and replaces cross-entropy by 1 - cos(V a, phi),
a the layer's sigmoid activations and phi the class vector of Barz & Denzler (WACV 2019). Its public code trains the
whole network so, its report names a threshold of > 0.5, which is followed (the code has >=).

Here the layer learns from embeddings of images that the encoder knows, and would learn nothing of those that it does
not: batches are those of `core.hashing.mixer`, and phi is the class vector that the shares of the classes in a row lead
to expect.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.hashing.head import LearnedHash
from core.hashing.training_plan import MIXED, Objective, Task

if TYPE_CHECKING:
    from torch import Tensor


class LatentCosine(LearnedHash):
    """A layer before a regression on class vectors; it knows of classes only what the tree says."""

    name = "latent-cosine"
    training = replace(MIXED, rate=3e-3, hidden=512)
    needs_similarity = True

    def objective(self, task: Task) -> Objective:
        import torch

        from core.hashing.head_training import classifier

        assert task.similarity is not None  # `needs_similarity`
        vectors = torch.from_numpy(class_vectors(task.similarity).astype(np.float32))
        weight, bias = classifier(task.generator, task.bits, vectors.shape[1])

        def loss(values: Tensor, shares: Tensor, share: float) -> Tensor:
            return cosine_loss(values.sigmoid() @ weight + bias, shares @ vectors)

        return Objective(loss, [weight, bias])


def cosine_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean of 1 - cos of the rows (n, d) of both."""
    from torch.nn import functional

    return (1.0 - functional.cosine_similarity(found, wanted)).mean()


def class_vectors(similarity: np.ndarray) -> np.ndarray:
    """Rows float64 (C, C) whose inner products are the similarities, or nearly so where no vectors have them."""
    values, axes = np.linalg.eigh(similarity)
    return axes * np.sqrt(np.maximum(values, 0.0))
