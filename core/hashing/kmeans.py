"""k-means cells: the code is the number of the nearest of 2^bits centroids.

The number alone is no code to compare bit by bit; search ranks the cells by their centroids' distance to the query and
so becomes an inverted file probed to its end (`core.search.cells`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from core.errors import BadInput
from core.hashing.base import check_varied, head_arrays, one_thread
from core.hashing.clustering import centroids
from core.hashing.numbered import NumberedHash, check_dimensions, pack_numbers

CELL_BITS = tuple(range(4, 13))  # 16 to 4,096 cells


class KMeansCells(NumberedHash):
    """`centroids` float32 (2^bits, d) are the head."""

    name = "kmeans"

    centroids: np.ndarray | None = None

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Cluster the rows of X, float (N, d). BadInput for NaN, constant features or fewer rows than cells."""
        check_varied(X, self.name)
        with one_thread():
            self.centroids = centroids(X, 1 << self.bits, self.seed, self.name)
        return self

    def encode(self, X: np.ndarray) -> np.ndarray:
        """The number of each row's cell, uint8 (N, ceil(bits / 8)), highest bit first."""
        return pack_numbers(self.cells(X)[:, None], self.bits)

    def cells(self, X: np.ndarray) -> np.ndarray:
        """The cell of each row of features float (N, d), int32 (N,)."""
        from core.search.cells import nearest_cells, prepare_centroids

        head = self.state()["centroids"]
        check_dimensions(X, head.shape[1], self.name)
        return nearest_cells(np.ascontiguousarray(X, dtype=np.float32), prepare_centroids(head))

    def state(self) -> dict[str, np.ndarray]:
        """The centroids."""
        if self.centroids is None:
            raise RuntimeError(f"{self.name} is not fitted: call fit first")
        return {"centroids": self.centroids}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from. BadInput unless there is a power of two of centroids."""
        arrays, sizes = head_arrays(cls.name, state, {"centroids": "kd"})
        if sizes["k"] < 2 or sizes["k"] & (sizes["k"] - 1):
            raise BadInput(f"the stored {cls.name} has {sizes['k']} centroids: expected 2, 4, 8, ..; fit it again")
        method = cls(sizes["k"].bit_length() - 1, seed)
        method.centroids = arrays["centroids"]
        return method
