"""A hash of one hidden layer on embeddings, and what the learned hashes share beside their losses.

One hidden layer matters more than the choice of the loss: a plane through 100-d embeddings can part few of the
classes' clusters rightly. Batch normalisation is folded into the weights, so what encodes is two products.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np

from core.errors import BadInput
from core.hashing.base import HashMethod, check_features, check_varied, feature_mean, head_arrays
from core.hashing.training_plan import ROWS, Objective, Task, Training, feature_scale

ARRAYS = ("mean", "scale", "hidden", "hidden_bias", "output", "output_bias")


class MlpHash(HashMethod):
    """Values relu((x - mean) / scale @ hidden + hidden_bias) @ output + output_bias."""

    arrays: dict[str, np.ndarray] | None = None

    def project(self, X: np.ndarray) -> np.ndarray:
        """Values float32 (N, bits), summed in float64: rounding is too small for threads or chunks to move a bit."""
        inner, constant, output, bias = self.layers()
        check_features(X)
        if X.shape[1] != len(inner):
            raise BadInput(f"features of {X.shape[1]} dimensions: {self.name} was fitted on {len(inner)}")
        result = np.empty((len(X), self.bits), dtype=np.float32)
        for start in range(0, len(X), ROWS):
            part = slice(start, start + ROWS)
            values = X[part].astype(np.float64) @ inner
            values += constant
            np.maximum(values, 0.0, out=values)
            result[part] = values @ output + bias
        return result

    def layers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """inner (d, h), constant (h,), output (h, bits), bias (bits,), float64: relu(x @ inner + constant) @ output."""
        arrays = self.state()
        mean, scale, hidden, hidden_bias, output, bias = (arrays[key].astype(np.float64) for key in ARRAYS)
        inner = hidden / scale
        return inner, hidden_bias - mean @ inner, output, bias

    def state(self) -> dict[str, np.ndarray]:
        """The arrays `ARRAYS`, float32; the two matrices hold numbers that float16 holds exactly."""
        if self.arrays is None:
            raise RuntimeError(f"{self.name} is not fitted: call fit first")
        return dict(self.arrays)

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from: it gives the same codes. BadInput where the arrays do not fit."""
        shapes = {"mean": "d", "scale": "1", "hidden": "dh", "hidden_bias": "h", "output": "hb", "output_bias": "b"}
        arrays, sizes = head_arrays(cls.name, state, shapes)
        method = cls(sizes["b"], seed)
        method.arrays = arrays
        return method

    def cut(self, bits: int) -> Self:
        """The method of the first `bits` values alone."""
        state = self.state()
        first = {key: state[key][..., :bits] for key in ("output", "output_bias")}
        return type(self).from_state({**state, **first}, self.seed)


class LearnedHash(MlpHash):
    """A head trained on labels; a method gives its `objective` and, where it differs, its `training`."""

    training: Training = Training()
    needs_similarity: ClassVar[bool] = False

    @abstractmethod
    def objective(self, task: Task) -> Objective:
        """The loss of the method, and what it learns with."""

    def fit(self, X: np.ndarray, y: np.ndarray | None = None, similarity: np.ndarray | None = None) -> Self:
        """Train on features float (N, d) with labels int (N,); class similarities float (C, C) where they are used.

        BadInput for missing labels or similarities, fewer than two classes, constant or non-finite features.
        """
        from core.hashing.head_training import train_head

        check_varied(X, self.name)
        labels, classes = check_labels(self.name, y, len(X))
        if self.needs_similarity:
            similarity = check_similarity(self.name, similarity, classes)
        generator = np.random.default_rng(self.seed)
        task = Task(self.bits, len(classes), similarity if self.needs_similarity else None, generator)
        mean = feature_mean(X)
        scale = feature_scale(X, mean)
        trained = train_head(X, labels, mean, scale, self, task)
        # Rounded to what is stored at once, so that codes are the same before and after saving.
        self.arrays = {"mean": mean.astype(np.float32), "scale": np.array([scale], dtype=np.float32)}
        self.arrays |= {key: value.astype(np.float32) for key, value in trained.items()}
        for key in ("hidden", "output"):
            self.arrays[key] = as_half(self.arrays[key])
        return self


def as_half(values: np.ndarray) -> np.ndarray:
    """Float32 values rounded to those that float16 holds; too great ones become its greatest."""
    most = np.float32(np.finfo(np.float16).max)
    return np.clip(values, -most, most).astype(np.float16).astype(np.float32)


def check_labels(name: str, y: np.ndarray | None, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels from 0 without gaps, int64 (N,), and the class of each, int64 (C,); BadInput where they cannot be."""
    if y is None:
        raise BadInput(f"{name} learns from labels, and there are none: use a hash that needs none, such as itq")
    y = np.asarray(y)
    if y.shape != (rows,) or y.dtype.kind not in "iu":
        raise BadInput(f"labels of shape {y.shape} and type {y.dtype}: expected {rows} whole numbers, one a row")
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise BadInput(
            f"all {rows} rows are of class {classes[0]}: {name} learns from classes that differ; "
            "use a hash that needs no labels, such as itq"
        )
    if classes[0] < 0:
        raise BadInput(f"the label {classes[0]}: expected 0 or more")
    return labels.astype(np.int64), classes.astype(np.int64)


def check_similarity(name: str, similarity: np.ndarray | None, classes: np.ndarray) -> np.ndarray:
    """The similarities float64 of the classes that there are; BadInput where they are missing or do not fit."""
    if similarity is None:
        raise BadInput(f"{name} needs class similarities, as a class tree gives them: use csq, which needs none")
    similarity = np.asarray(similarity, dtype=np.float64)
    least = int(classes[-1]) + 1
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1] or len(similarity) < least:
        raise BadInput(f"class similarities of shape {similarity.shape}: expected (C, C) for {least} classes or more")
    if not np.isfinite(similarity).all() or not np.allclose(similarity, similarity.T):
        raise BadInput("class similarities hold NaN or infinite values, or are not symmetric")
    return similarity[np.ix_(classes, classes)]
