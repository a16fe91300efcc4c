"""Dense SIFT: Lowe, Distinctive image features from scale-invariant keypoints, IJCV 2004, on a grid, upright.

As RootSIFT (Arandjelovic & Zisserman, Three things everyone should know to improve object retrieval, CVPR 2012): the
square root of each value's share, so that Euclidean distance is that of Hellinger.
"""

from __future__ import annotations

import cv2
import numpy as np

from core.encoders.visual_words.grid import grey, keypoints
from core.encoders.visual_words.recipes import VisualWordsRecipe


def describe(recipe: VisualWordsRecipe, images: np.ndarray) -> np.ndarray:
    """Descriptors float32 (N, P, 128) of images uint8 (N, H, W, 3)."""
    sift = cv2.SIFT.create()
    points = [point for size in recipe.sizes for point in keypoints(recipe.side, recipe.step, size)]
    found = np.stack([sift.compute(grey(image, recipe.side), points)[1] for image in images])
    return np.sqrt(found / np.maximum(found.sum(axis=2, keepdims=True), 1e-6))
