"""FourierHashNet: queries and gallery items have codes of their own, for a similarity that is not symmetric.

Roy, Agarwal, Chakrabarti, Dasgupta & De, "Locality Sensitive Hashing in Fourier Frequency Domain For Soft Set
Containment Search", NeurIPS 2023. Features go through the Fourier maps of `core.hashing.dominance`, one for queries and
one for items; two linear maps to a few dimensions are trained so that the cosine of a query and a relevant item is
great (cross-entropy of (cos + 1) / 2), and a last one to bits tanh(V z) by fence, balance and a ranking hinge.

The paper's relevance is containment of sets. Embeddings compared by cosine have none: relevant is an item of the same
class, and what an asymmetric code is worth there is what this shows; what carries over to the cosine is in
`core.hashing.trained_hyperplanes`. Both kinds of pairs weigh the same, where the public code draws a set ratio of them;
the middle has 32 dimensions for its 10, since there are many classes, and each dimension 8 frequencies for its 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from core.errors import BadInput
from core.hashing import dominance, packing
from core.hashing.base import HashMethod, check_features, check_varied, feature_mean, head_arrays
from core.hashing.head import as_half, check_labels
from core.hashing.training_plan import Training
from core.runtime.parallel import run_blocks

ROWS = 256  # encoded at a time: their waves stay in the processor's cache
_SHAPES = {
    "mean": "d", "scale": "1", "frequencies": "dm", "queries": "fr", "queries_bias": "r", "gallery": "fr",
    "gallery_bias": "r", "output": "rb", "output_bias": "b",
}  # fmt: skip


class FourierHashNet(HashMethod):
    """`project` and `encode` are of gallery items, `project_queries` of queries."""

    name = "fourier-hashnet"
    two_maps = True
    maps_training = Training(epochs=10, rate=1e-2)
    bits_training = Training(epochs=5, rate=3e-2)
    frequencies = 8  # of a dimension
    middle = 32  # dimensions between the Fourier map and the bits
    fencing = 0.1
    rank = 0.8  # balance has the rest
    margin = 0.5  # of code cosines

    arrays: dict[str, np.ndarray] | None = None

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Train on features float (N, d) with labels int (N,). BadInput as for every learned hash."""
        from core.hashing.fourier_training import train_fourier

        check_varied(X, self.name)
        labels, _ = check_labels(self.name, y, len(X))
        mean = feature_mean(X).astype(np.float32)
        scale = np.float32(np.abs(X - mean).max())  # features then lie from -1 to 1
        generator = np.random.default_rng(self.seed)
        drawn = dominance.draw_frequencies(X.shape[1], self.frequencies, generator).astype(np.float32)
        trained = train_fourier(((X - mean) / scale).astype(np.float32), labels, drawn, self, generator)
        arrays = {"mean": mean, "scale": np.array([scale], dtype=np.float32), "frequencies": drawn, **trained}
        self.arrays = {key: value.astype(np.float32) for key, value in arrays.items()}
        for key in ("queries", "gallery", "output"):
            self.arrays[key] = as_half(self.arrays[key])
        return self

    def project(self, X: np.ndarray) -> np.ndarray:
        """Values float32 (N, bits) of gallery items, summed in float64."""
        return self._values(X, "gallery")

    def project_queries(self, X: np.ndarray) -> np.ndarray:
        """Values float32 (N, bits) of queries."""
        return self._values(X, "queries")

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Packed codes uint8 (N, ceil(bits / 8)) of gallery items."""
        return packing.pack(self.project(X) > 0)

    def state(self) -> dict[str, np.ndarray]:
        """The fitted arrays, float32."""
        if self.arrays is None:
            raise RuntimeError(f"{self.name} is not fitted: call fit first")
        return dict(self.arrays)

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from. BadInput where the arrays do not fit."""
        arrays, sizes = head_arrays(cls.name, state, _SHAPES)
        if sizes["f"] != 2 * sizes["d"] * sizes["m"]:
            raise BadInput(f"the stored {cls.name} has maps that do not fit its frequencies: fit it again")
        method = cls(sizes["b"], seed)
        method.arrays = arrays
        return method

    def _values(self, X: np.ndarray, side: str) -> np.ndarray:
        arrays = self.state()
        frequencies = arrays["frequencies"]
        mean, scale, linear, bias, output, output_bias = (
            arrays[key].astype(np.float64) for key in ("mean", "scale", side, f"{side}_bias", "output", "output_bias")
        )
        check_features(X)
        if X.shape[1] != len(mean):
            raise BadInput(f"features of {X.shape[1]} dimensions: {self.name} was fitted on {len(mean)}")
        result = np.empty((len(X), self.bits), dtype=np.float32)

        def work(part: slice) -> None:
            scaled = ((X[part] - mean) / scale).astype(np.float32)
            middle = waves(scaled, frequencies) @ linear + bias
            middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-12)
            result[part] = middle @ output + output_bias

        run_blocks(work, len(X), size=ROWS)
        return result


def waves(X: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Cosines, then sines, of frequency times feature: float (N, d) and (d, m) -> float64 (N, 2 d m).

    In the type of the features: float32 is as exact as the training was and takes a sixth of the time.
    """
    angles = (X[:, :, None] * frequencies).reshape(len(X), -1)
    result = np.empty((len(X), 2 * angles.shape[1]))
    result[:, : angles.shape[1]], result[:, angles.shape[1] :] = np.cos(angles), np.sin(angles)
    return result
