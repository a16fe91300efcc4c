"""Proxy-based metric learning: Proxy-Anchor (Kim et al., CVPR 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.networks.base import Encoded, Network
from core.encoders.networks.trunks import make_trunk
from core.encoders.recipes.contrastive import ContrastiveRecipe


class ContrastiveNetwork(Network):
    """Unit embeddings drawn to one learned proxy a class and pushed from the others; no class tree is used."""

    recipe: ContrastiveRecipe

    def __init__(self, recipe: ContrastiveRecipe, class_vectors: Tensor) -> None:
        super().__init__(recipe)
        self.trunk = make_trunk(recipe)
        self.project = nn.Linear(self.trunk.features, recipe.dimensions)
        self.proxies = nn.Parameter(torch.empty(len(class_vectors), recipe.dimensions))
        nn.init.kaiming_normal_(self.proxies, mode="fan_out")

    def prepare(self, images: Tensor) -> None:
        self.trunk.prepare(self.standardise(images))

    def own_rates(self) -> dict[nn.Parameter, float]:
        return {self.proxies: self.recipe.proxy_rate}

    def forward(self, images: Tensor) -> Encoded:
        embedding = functional.normalize(self.project(self.trunk(self.standardise(images))).float())
        logits = embedding @ functional.normalize(self.proxies.float()).T
        return Encoded(embedding, logits, torch.empty(len(embedding), 0, device=embedding.device))

    def loss(self, encoded: Encoded, labels: Tensor) -> Tensor:
        scale, margin = self.recipe.scale, self.recipe.margin
        same = functional.one_hot(labels, encoded.logits.shape[1]).bool()
        here = same.any(dim=0)  # proxies of classes in the batch
        pull = (-scale * (encoded.logits - margin)).masked_fill(~same, -torch.inf)
        push = (scale * (encoded.logits + margin)).masked_fill(same, -torch.inf)
        return _softplus_sum(pull[:, here]).mean() + _softplus_sum(push).mean()


def _softplus_sum(values: Tensor) -> Tensor:
    """log(1 + sum of exp) over the images of a batch, for each proxy."""
    return functional.softplus(values.logsumexp(dim=0))
