"""Product quantisation: features are cut into parts, and the code numbers the nearest centroid of each part.

Jégou, Douze & Schmid, "Product Quantization for Nearest Neighbor Search", PAMI 2011. A part has 256 centroids, one byte
of the code; on few rows 16, half a byte, so that a centroid does not stand for a few rows alone. Codes are compared by
the paper's asymmetric distance (`core.search.lookup`). Dimensions are dealt to the parts as evenly as they go, in their
order, without a rotation before.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Self

import numpy as np

from core.errors import BadInput
from core.hashing.base import check_varied, head_arrays, one_thread
from core.hashing.clustering import centroids
from core.hashing.numbered import NumberedHash, check_dimensions, pack_numbers
from core.search.lookup import Codebook

PQ_BITS = (16, 32, 48, 64, 128)
FEWEST_ROWS = 16  # to fit on: one a centroid
_ROWS_A_CENTROID = 39  # faiss warns of a clustering below


class ProductQuantiser(NumberedHash):
    """`values` float32 (d, K) is the head: row j holds coordinate j of the K centroids of its part."""

    name = "pq"

    values: np.ndarray | None = None

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Cluster each part of X, float (N, d). BadInput for NaN, constant features, few rows or few dimensions."""
        check_varied(X, self.name)
        part_bits = 8 if len(X) >= _ROWS_A_CENTROID * 256 else 4
        starts = part_starts(X.shape[1], self._parts(part_bits, X.shape[1]))
        with one_thread():
            books = [
                centroids(X[:, first:end], 1 << part_bits, self.seed + m, self.name)
                for m, (first, end) in enumerate(pairwise(starts))
            ]
        self.values = np.ascontiguousarray(np.concatenate([book.T for book in books]))
        return self

    @property
    def part_bits(self) -> int:
        """Bits that number the centroids of a part."""
        return self.state()["values"].shape[1].bit_length() - 1

    @property
    def codebook(self) -> Codebook:
        """The centroids as search reads them."""
        values = self.state()["values"]
        return Codebook(values, part_starts(len(values), self._parts(self.part_bits, len(values))))

    def encode(self, X: np.ndarray) -> np.ndarray:
        """The number of each part's nearest centroid, uint8 (N, ceil(bits / 8)), highest bit first."""
        from core.search.lookup import nearest_parts

        codebook = self.codebook
        check_dimensions(X, len(codebook.values), self.name)
        return pack_numbers(nearest_parts(np.ascontiguousarray(X, dtype=np.float32), codebook), self.part_bits)

    def state(self) -> dict[str, np.ndarray]:
        """The centroids, and the code's length, which they do not tell."""
        if self.values is None:
            raise RuntimeError(f"{self.name} is not fitted: call fit first")
        return {"values": self.values, "bits": np.array([self.bits], dtype=np.float32)}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from. BadInput where the arrays do not fit."""
        arrays, sizes = head_arrays(cls.name, state, {"values": "dk", "bits": "1"})
        if sizes["k"] not in (16, 256):
            raise BadInput(f"the stored {cls.name} has {sizes['k']} centroids a part: expected 16 or 256; fit it again")
        method = cls(int(arrays["bits"][0]), seed)
        method.values = arrays["values"]
        method._parts(method.part_bits, sizes["d"])
        return method

    def _parts(self, part_bits: int, dimensions: int) -> int:
        count, rest = divmod(self.bits, part_bits)
        if rest or not count:
            raise BadInput(f"{self.bits} bits: {self.name} takes a multiple of {part_bits}")
        if count > dimensions:
            raise BadInput(
                f"{self.bits} bits from {dimensions} dimensions: {self.name} gives at most {part_bits} a dimension; "
                "ask for fewer bits, or use random-hyperplane"
            )
        return count


def part_starts(dimensions: int, count: int) -> np.ndarray:
    """Where each of `count` parts of the dimensions begins, and the end: int64 (count + 1,); sizes differ by 1 at most.

    >>> part_starts(10, 4).tolist()
    [0, 3, 6, 8, 10]
    """
    sizes = np.full(count, dimensions // count)
    sizes[: dimensions % count] += 1
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
