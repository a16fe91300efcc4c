"""The rows of a large gallery: real embeddings first, then copies of them with seeded noise.

Row i is a copy of the real row i mod S, of S real ones; the first S rows are the real ones themselves. A copy gets
normal noise in every dimension and is scaled back to its source's length. The noise of a block of rows depends on
the seed and the block's number alone, so any part can be made anew, and a gallery begins every larger one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.bundle.bundle import Bundle
from core.codes.codes import fit_split
from core.errors import BadInput

BLOCK = 65_536  # rows whose noise is drawn together


@dataclass(frozen=True)
class Source:
    """What a gallery is made from: `rows` float32 (S, d), `labels` int64 (S,), `noise` relative to a row's length."""

    version: str
    encoder: str
    split: str
    rows: np.ndarray
    labels: np.ndarray
    noise: float
    seed: int

    @property
    def dimensions(self) -> int:
        """Dimensions of a row."""
        return self.rows.shape[1]

    def block(self, number: int, count: int) -> np.ndarray:
        """The first `count` rows of a block, float32 (count, d)."""
        place = number * BLOCK + np.arange(count)
        real = self.rows[place % len(self.rows)]
        noise = np.random.default_rng([self.seed, number]).standard_normal((count, self.dimensions), np.float32)
        lengths = np.linalg.norm(real, axis=1, keepdims=True)
        copies = real + noise * (lengths * np.float32(self.noise / self.dimensions**0.5))
        copies *= lengths / np.maximum(np.linalg.norm(copies, axis=1, keepdims=True), 1e-30)  # a zero row stays one
        return np.where((place < len(self.rows))[:, None], real, copies)

    def labels_of(self, count: int) -> np.ndarray:
        """The classes of the first `count` rows, int64 (count,): those of their sources."""
        return np.resize(self.labels, count)

    def longest(self) -> float:
        """A bound on the length of any row."""
        return float(np.linalg.norm(self.rows.astype(np.float64), axis=1).max()) * (1 + 1e-5)

    def described(self) -> dict[str, str | int | float]:
        """What the rows depend on, for a file."""
        return {
            "version": self.version, "encoder": self.encoder, "split": self.split, "seed": self.seed,
            "noise": round(self.noise, 6), "sources": len(self.rows), "dimensions": self.dimensions,
        }  # fmt: skip


def open_source(bundle: Bundle, encoder: str, seed: int = 0) -> Source:
    """The source of an encoder's galleries: the embeddings that hashes are fitted on."""
    split = fit_split(bundle)
    rows, labels = bundle.embeddings(encoder, split), bundle.labels(split)
    return Source(bundle.version, encoder, split, rows, labels, noise_level(rows, labels), seed)


def noise_level(rows: np.ndarray, labels: np.ndarray) -> float:
    """Length of the noise relative to a row's: the tangent of half the angle between neighbouring class centres.

    The angle is the median, over classes, of that to the nearest other class's mean. A copy then turns from its
    source by half of it: far enough that no two copies are near-duplicates, even where a trained encoder has put a
    class's images onto one point, and since the noise goes into all dimensions alike, hardly any of it leads towards
    another class. Raises BadInput for fewer than two classes.
    """
    classes, centres = _class_means(rows, labels)
    if len(classes) < 2:
        raise BadInput("noise is measured by the angle between classes: expected embeddings of at least 2 classes")
    cosines = centres @ centres.T
    np.fill_diagonal(cosines, -1.0)
    angle = float(np.median(np.arccos(np.clip(cosines.max(axis=1), -1.0, 1.0))))
    return float(np.tan(max(angle, 1e-3) / 2))


def kept_class(source: Source) -> float:
    """Share of a block of copies whose nearest class mean of the real rows is their own class's."""
    number = len(source.rows) // BLOCK + 1  # the first block of copies alone
    rows = source.block(number, BLOCK)
    labels = source.labels[(number * BLOCK + np.arange(BLOCK)) % len(source.rows)]
    classes, centres = _class_means(source.rows, source.labels)
    return float((classes[(rows @ centres.T).argmax(axis=1)] == labels).mean())


def _class_means(rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes, and their means scaled to length 1, float64 (C, d)."""
    classes = np.unique(labels)
    means = np.stack([rows[labels == each].mean(axis=0, dtype=np.float64) for each in classes])
    return classes, means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
