"""A similarity that says how far a query lies below an item, and maps whose inner product is nearly it.

Roy et al., NeurIPS 2023 (see `core.hashing.fourier_hashnet`): s(z) = T - max(0, z) of z = query - item, summed over
dimensions, is great where the item is at least the query everywhere. On -T to T it is, with the transform
G(w) = R(w) + i I(w) of s, the integral of (R cos wz - I sin wz) / 2 pi over all w; frequencies drawn in proportion to
|R| + |I| make that a mean of products of a function of the query and one of the item.
"""

from __future__ import annotations

from functools import cache

import numpy as np

WINDOW = 3.0  # T: differences of features between -1 and 1 are well inside
HIGHEST = 100.0  # frequencies are drawn from -100 to 100
_GRID = 200_000


def transform(frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R and I of frequencies other than 0, of the same shape:

    R = 2 sin^2(wT / 2) / w^2 + T sin(wT) / w, I = sin(wT) / w^2 - T cos(wT) / w.
    """
    w, turned = frequencies, frequencies * WINDOW
    real = 2.0 * np.sin(turned / 2.0) ** 2 / w**2 + WINDOW * np.sin(turned) / w
    return real, np.sin(turned) / w**2 - WINDOW * np.cos(turned) / w


def draw_frequencies(dimensions: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """Frequencies float64 (dimensions, count), each drawn in proportion to |R| + |I|."""
    grid, shares = _density()
    return grid[np.searchsorted(np.cumsum(shares), generator.uniform(size=(dimensions, count)))]


def term_weights(frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """R / (2 pi p m) and I / (2 pi p m), float64 (d, m): p the density that frequencies are drawn by, m their count."""
    grid, shares = _density()
    density = shares / (grid[1] - grid[0])
    real, imaginary = transform(frequencies)
    found = np.interp(frequencies, grid, density) * 2.0 * np.pi * frequencies.shape[1]
    return real / found, imaginary / found


@cache
def _density() -> tuple[np.ndarray, np.ndarray]:
    """A grid of frequencies, none of them 0, and the share of each."""
    step = 2.0 * HIGHEST / _GRID
    grid = -HIGHEST + step * (np.arange(_GRID) + 0.5)
    shares = sum(map(np.abs, transform(grid)), np.zeros(_GRID))
    return grid, shares / shares.sum()
