"""The descriptors by name, and what all have in common: a fixed number a picture, each of unit length."""

from __future__ import annotations

import numpy as np

from core.encoders.visual_words import hog, orb, sift
from core.encoders.visual_words.recipes import VisualWordsRecipe

DESCRIPTORS = {"sift": sift.describe, "orb": orb.describe, "hog": hog.describe}
_FLAT = 1e-6


def describe(recipe: VisualWordsRecipe, images: np.ndarray) -> np.ndarray:
    """Unit descriptors float32 (N, P, d) of images uint8 (N, H, W, 3); all 0 for a patch of one colour.

    With `mirrored` those of the mirror image come after the image's own.
    """
    found = DESCRIPTORS[recipe.descriptor](recipe, images)
    if recipe.mirrored:
        flipped = np.ascontiguousarray(images[:, :, ::-1])
        found = np.concatenate([found, DESCRIPTORS[recipe.descriptor](recipe, flipped)], axis=1)
    lengths = np.linalg.norm(found, axis=2, keepdims=True)
    return np.where(lengths > _FLAT, found / np.maximum(lengths, _FLAT), 0).astype(np.float32)
