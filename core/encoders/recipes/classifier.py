"""`classifier`: cross-entropy alone, the usual baseline."""

from __future__ import annotations

from core.encoders.recipes.base import Recipe

CLASSIFIER = Recipe(encoder="classifier", network="classifier", epochs=20, dimensions=128)
