"""`contrastive`: Proxy-Anchor metric learning (Kim et al., CVPR 2020)."""

from __future__ import annotations

from dataclasses import dataclass

from core.encoders.recipes.base import Recipe


@dataclass(frozen=True)
class ContrastiveRecipe(Recipe):
    """`scale` and `margin` are the paper's alpha and delta."""

    scale: float = 32.0
    margin: float = 0.1
    proxy_rate: float = 0.02  # learning rate of the proxies


CONTRASTIVE = ContrastiveRecipe(encoder="contrastive", network="contrastive", epochs=20, dimensions=128)
