"""Pictures at the size that they are described at, and the regular grid that descriptors are computed on.

On 32 x 32 pixels a detector finds a few dozen corners, none in some pictures; a grid has as many in each.
"""

from __future__ import annotations

import cv2
import numpy as np

cv2.setNumThreads(1)  # pictures are spread over threads here, and a timing on one thread is to be one


def grey(image: np.ndarray, side: int) -> np.ndarray:
    """uint8 (side, side) of an image uint8 (H, W, 3), RGB."""
    return scaled(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), side)


def scaled(image: np.ndarray, side: int) -> np.ndarray:
    """An image of one channel or three at `side` x `side` pixels."""
    return image if image.shape[:2] == (side, side) else cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)


def keypoints(side: int, step: int, size: int, margin: int = 0) -> list[cv2.KeyPoint]:
    """Upright keypoints of a diameter, row by row, the first half a step from the corner, plus `margin`, in pixels."""
    places = np.arange(step / 2, side, step) + margin
    return [cv2.KeyPoint(float(x), float(y), float(size), 0.0, 1.0, 0) for y in places for x in places]
