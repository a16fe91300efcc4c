"""The networks by the name that recipes give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.encoders.networks.base import Network
from core.encoders.networks.classifier import ClassifierNetwork
from core.encoders.networks.contrastive import ContrastiveNetwork
from core.encoders.networks.semantic import SemanticNetwork
from core.encoders.networks.source import SourceAlexNet, SourceNetwork
from core.encoders.recipes.base import Recipe

NETWORKS: dict[str, Callable[[Any, Tensor], Network]] = {  # each takes the recipe of its kind
    "semantic": SemanticNetwork,
    "classifier": ClassifierNetwork,
    "source": SourceNetwork,
    "alexnet": SourceAlexNet,
    "contrastive": ContrastiveNetwork,
}


def make_network(recipe: Recipe, class_vectors: Tensor) -> Network:
    """The untrained network of a recipe; `class_vectors` float32 (C, d) unit rows."""
    return NETWORKS[recipe.network](recipe, class_vectors).to(memory_format=torch.channels_last)
