"""`semantic`: a 100-d unit-sphere embedding on the class vectors, with a classification term."""

from __future__ import annotations

from dataclasses import dataclass

from core.encoders.recipes.base import Recipe


@dataclass(frozen=True)
class SemanticRecipe(Recipe):
    """Cross-entropy of the classes + cosine_weight * (1 - cos(embedding, class vector))."""

    cosine_weight: float = 4.0
    temperature: float = 0.5  # of the class probabilities that weigh the class vectors


SEMANTIC = SemanticRecipe(encoder="semantic", network="semantic", epochs=20, widths=(128, 384, 512), depth=3, cutout=8)
# The same objective on a trunk a tenth as large: what several seeds are trained with.
SEMANTIC_SMALL = SemanticRecipe(encoder="semantic-small", network="semantic", epochs=20)
