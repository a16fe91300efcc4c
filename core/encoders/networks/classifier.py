"""A classifier; its penultimate features are the embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.networks.base import Encoded, Network
from core.encoders.networks.trunks import make_trunk
from core.encoders.recipes.base import Recipe


class ClassifierNetwork(Network):
    """Cross-entropy alone. The features are as wide as the trunk; the bundle keeps their principal components."""

    def __init__(self, recipe: Recipe, class_vectors: Tensor) -> None:
        super().__init__(recipe)
        self.trunk = make_trunk(recipe)
        self.classify = nn.Linear(self.trunk.features, len(class_vectors))

    def prepare(self, images: Tensor) -> None:
        self.trunk.prepare(self.standardise(images))

    def forward(self, images: Tensor) -> Encoded:
        features = self.trunk(self.standardise(images)).float()
        return Encoded(features, self.classify(features).float(), torch.empty(len(features), 0, device=features.device))

    def loss(self, encoded: Encoded, labels: Tensor) -> Tensor:
        return functional.cross_entropy(encoded.logits, labels, label_smoothing=self.recipe.label_smoothing)
