"""Spectral hashing: the signs of the slowest waves along the principal components.

Weiss, Torralba & Fergus, "Spectral Hashing", NIPS 2008. The training features are taken as evenly spread over a box
along their principal components; the eigenfunctions of its Laplacian are waves along one side each. Side j, of length
R_j from a_j on, has the frequencies w = m pi / R_j, m = 1, 2, ..; the `bits` smallest of all sides are kept, and a bit
is the sign of sin(pi / 2 + w (x_j - a_j)). Long sides so get several bits and short ones none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from core.hashing.base import CHUNK, HashMethod, centred_product, head_arrays, one_thread
from core.hashing.numbered import check_dimensions
from core.hashing.pca_sign import principal_components

_SHAPES = {"mean": "d", "projection": "db", "phase": "b"}


class Spectral(HashMethod):
    """cos(w (x_j - a_j)) for each bit, which is the sine above."""

    name = "spectral"

    arrays: dict[str, np.ndarray] | None = None

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Find the box around X, float (N, d), and its waves. BadInput as in `principal_components`.

        The box has as many sides as there are bits, or as many as the features vary in.
        """
        with one_thread():
            mean, axes = principal_components(X, self.bits, self.name, or_fewer=True)
            low, high = _extent(X, mean, axes)
            side, frequency = slowest_waves(high - low, self.bits)
            arrays = {"mean": mean, "projection": axes[:, side] * frequency, "phase": low[side] * frequency}
        self.arrays = {key: np.ascontiguousarray(value, dtype=np.float32) for key, value in arrays.items()}
        return self

    def project(self, X: np.ndarray) -> np.ndarray:
        """The waves at features float (N, d): float32 (N, bits), -1 to 1."""
        arrays = self.state()
        check_dimensions(X, len(arrays["mean"]), self.name)
        result = np.empty((len(X), self.bits), dtype=np.float32)
        for start in range(0, len(X), CHUNK):
            part = slice(start, start + CHUNK)
            angles = centred_product(X[part], arrays["mean"], arrays["projection"]).astype(np.float64)
            result[part] = np.cos(angles - arrays["phase"])
        return result

    def state(self) -> dict[str, np.ndarray]:
        """`mean` (d,), `projection` (d, bits) onto angles and `phase` (bits,), which is taken off them; float32."""
        if self.arrays is None:
            raise RuntimeError(f"{self.name} is not fitted: call fit first")
        return dict(self.arrays)

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from. BadInput where the arrays do not fit."""
        arrays, sizes = head_arrays(cls.name, state, _SHAPES)
        method = cls(sizes["b"], seed)
        method.arrays = arrays
        return method


def slowest_waves(lengths: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` smallest frequencies m pi / length, m = 1, 2, .., over all sides, ascending.

    `lengths` float64 (D,), all above 0. Returns the side int64 and the frequency float64 (count,) of each; of equal
    frequencies the first side's comes first.
    """
    # The longest side alone has `count` frequencies up to count * pi / longest: no side needs more waves than that.
    most = np.ceil(count * lengths / lengths.max()).astype(np.int64)
    side = np.repeat(np.arange(len(lengths)), most)
    wave = np.concatenate([np.arange(1, number + 1) for number in most])
    frequency = wave * np.pi / lengths[side]
    order = np.lexsort((side, frequency))[:count]
    return side[order], frequency[order]


def _extent(X: np.ndarray, mean: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest coordinate of X along each axis, float64 (D,) both."""
    low, high = np.full(axes.shape[1], np.inf), np.full(axes.shape[1], -np.inf)
    for start in range(0, len(X), CHUNK):
        values = (X[start : start + CHUNK].astype(np.float64) - mean) @ axes
        low, high = np.minimum(low, values.min(axis=0)), np.maximum(high, values.max(axis=0))
    return low, high
