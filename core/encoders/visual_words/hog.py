"""Dense HOG: Dalal & Triggs, Histograms of oriented gradients for human detection, CVPR 2005.

A descriptor is one block of 2 x 2 cells with 9 orientations, normalised by L2-Hys; blocks overlap by a cell. At each
pixel the gradient is that of the colour channel where it is strongest. The same numbers as scikit-image's `hog`, which
takes one picture at a time and several times as long.
"""

from __future__ import annotations

import numpy as np

from core.encoders.visual_words.grid import scaled
from core.encoders.visual_words.recipes import VisualWordsRecipe

ORIENTATIONS, CELLS = 9, 2
_EPSILON, _MOST = 1e-5, 0.2  # of L2-Hys: against division by 0, and the value that none exceeds


def describe(recipe: VisualWordsRecipe, images: np.ndarray) -> np.ndarray:
    """Descriptors float32 (N, P, 36) of images uint8 (N, H, W, 3), those of one cell size after the other."""
    magnitude, bins = _gradients(np.stack([scaled(image, recipe.side) for image in images]))
    return np.concatenate([_blocks(magnitude, bins, cell) for cell in recipe.sizes], axis=1).astype(np.float32)


def _gradients(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel's gradient magnitude, float64 (N, H, W), and the bin of its orientation, int64."""
    values = np.sqrt(images.astype(np.float64))
    down, right = np.zeros_like(values), np.zeros_like(values)
    down[:, 1:-1] = values[:, 2:] - values[:, :-2]
    right[:, :, 1:-1] = values[:, :, 2:] - values[:, :, :-2]
    strongest = (down**2 + right**2).argmax(axis=3)[..., None]
    down, right = (np.take_along_axis(part, strongest, axis=3)[..., 0] for part in (down, right))
    degrees = np.rad2deg(np.arctan2(down, right)) % 180
    bins = (degrees / (180 / ORIENTATIONS)).astype(np.int64) % ORIENTATIONS
    return np.hypot(down, right), bins


def _blocks(magnitude: np.ndarray, bins: np.ndarray, cell: int) -> np.ndarray:
    """Normalised blocks (N, P, 36) of square cells, row by row."""
    count, side = len(bins), bins.shape[1] // cell
    inside = slice(0, side * cell)
    of_cell = np.arange(side * cell) // cell
    places = (np.arange(count)[:, None, None] * side + of_cell[:, None]) * side + of_cell
    votes = (places * ORIENTATIONS + bins[:, inside, inside]).ravel()
    sums = np.bincount(votes, magnitude[:, inside, inside].ravel(), count * side * side * ORIENTATIONS)
    cells = sums.reshape(count, side, side, ORIENTATIONS) / cell**2
    across = side - CELLS + 1
    corners = [cells[:, y : y + across, x : x + across] for y in range(CELLS) for x in range(CELLS)]
    blocks = np.concatenate(corners, axis=3).reshape(count, across * across, CELLS * CELLS * ORIENTATIONS)
    return _unit(np.minimum(_unit(blocks), _MOST))


def _unit(blocks: np.ndarray) -> np.ndarray:
    return blocks / np.sqrt(np.square(blocks).sum(axis=2, keepdims=True) + _EPSILON**2)
