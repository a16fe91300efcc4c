"""A histogram of paired differences whose bins hold losses or wins, never both."""

from __future__ import annotations

import math

import numpy as np


def bin_differences(differences: np.ndarray, bins: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """(edges float64 (B + 1,), counts int64 (B,)) of the differences that are not 0: at most bins + 1 of one width.

    0 is an edge, so that no bin holds losses and wins.
    """
    low, high = min(float(differences.min(initial=0.0)), 0.0), max(float(differences.max(initial=0.0)), 0.0)
    width = (high - low) / bins or 0.01
    edges = width * np.arange(-max(math.ceil(-low / width - 1e-9), 1), max(math.ceil(high / width - 1e-9), 1) + 1)
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)  # rounding must not push the ends out
    return edges, np.histogram(differences[differences != 0], edges)[0]
