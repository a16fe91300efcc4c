"""Dense ORB: Rublee et al., ORB: an efficient alternative to SIFT or SURF, ICCV 2011, on a grid, upright.

Its 256 comparisons become values of 1 and -1, so that squared distance is four times the Hamming distance and a
k-means centre is each comparison's mean.
"""

from __future__ import annotations

import cv2
import numpy as np

from core.encoders.visual_words.grid import grey, keypoints
from core.encoders.visual_words.recipes import VisualWordsRecipe


def describe(recipe: VisualWordsRecipe, images: np.ndarray) -> np.ndarray:
    """Descriptors float32 (N, P, 256) of images uint8 (N, H, W, 3): 1 and -1, all 0 where no comparison holds."""
    return np.concatenate([_of_size(recipe, images, size) for size in recipe.sizes], axis=1)


def _of_size(recipe: VisualWordsRecipe, images: np.ndarray, size: int) -> np.ndarray:
    # Keypoints nearer to the edge than a patch would be left out: the picture goes on beyond it, mirrored.
    orb = cv2.ORB.create(edgeThreshold=size // 2, patchSize=size)
    points = keypoints(recipe.side, recipe.step, size, margin=size)
    wide = (cv2.copyMakeBorder(grey(i, recipe.side), size, size, size, size, cv2.BORDER_REFLECT_101) for i in images)
    bits = np.unpackbits(np.stack([orb.compute(image, points)[1] for image in wide]), axis=2)
    return np.where(bits.any(axis=2, keepdims=True), 2.0 * bits - 1, 0).astype(np.float32)
