"""`semantic`: a 100-d unit-sphere embedding on the class vectors, with a classification term."""

from __future__ import annotations

from dataclasses import dataclass

from core.encoders.recipes.base import Recipe


@dataclass(frozen=True)
class SemanticRecipe(Recipe):
    """Cross-entropy of the classes + cosine_weight * (1 - cos(embedding, class vector))."""

    cosine_weight: float = 4.0
    temperature: float = 0.5  # of the class probabilities that weigh the class vectors


# Taught by the wider network below, whose weights are too many to ship.
SEMANTIC = SemanticRecipe(
    encoder="semantic", network="semantic", epochs=105, widths=(64, 192, 384), blocks=(2, 2, 4), cutmix=0.5, distil=0.7
)
SEMANTIC_TEACHER = SemanticRecipe(
    encoder="semantic-teacher", network="semantic", epochs=32, widths=(160, 320, 640), blocks=(2, 2, 4), cutmix=0.5
)
# The same objective on a small trunk: what several seeds are trained with.
SEMANTIC_SMALL = SemanticRecipe(encoder="semantic-small", network="semantic", epochs=20)
