"""What every hash method offers: fit(X, y) -> self, project(X) -> real values, encode(X) -> packed codes.

One rule makes a bit of a value everywhere: 1 where it is greater than 0, else 0. A method that is wholly described by
a few arrays, its head, gives them as `state()` and is made again by `from_state`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from core.errors import BadInput
from core.hashing import packing
from core.runtime.blas import blas_threads

CHUNK = 8192  # rows taken to float64 at a time, so that wide features need little memory beside themselves
_FITTING = Lock()


class HashMethod(ABC):
    """A way to make codes of `bits` bits; `seed` decides every random choice."""

    name: ClassVar[str]
    two_maps: ClassVar[bool] = False  # whether `project_queries` differs from `project`

    def __init__(self, bits: int, seed: int = 0) -> None:
        packing.width(bits)  # refuses fewer than 1
        if seed < 0:
            raise BadInput(f"seed {seed}: expected 0 or more")
        self.bits = bits
        self.seed = seed

    @abstractmethod
    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Self:
        """Learn from features float (N, d) and, where the method needs them, labels int (N,)."""

    @abstractmethod
    def project(self, X: np.ndarray) -> np.ndarray:
        """Features float (N, d) -> the values float32 (N, bits) whose signs are the bits."""

    def encode(self, X: np.ndarray) -> np.ndarray:
        """Features float (N, d) -> packed codes uint8 (N, ceil(bits / 8))."""
        return packing.pack(self.project(X) > 0)

    def project_queries(self, X: np.ndarray) -> np.ndarray:
        """`project` of queries: other values only where a method has `two_maps`."""
        return self.project(X)

    def distances(self, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """The finite distances float64 (N,) of a query's embedding float32 (d,) to packed codes uint8 (N, width).

        Asked for where `HashInfo.distance` is "own". The array is the caller's to change.
        """
        raise NotImplementedError(f"{self.name} has no distance of its own")

    def state(self) -> dict[str, np.ndarray]:
        """The head, from which codes follow; empty for a method that has none."""
        return {}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from: it gives the same codes."""
        raise BadInput(f"hash '{cls.name}' has no head that it could be made from: fit it again")

    def cut(self, bits: int) -> Self:
        """The method of the first `bits` bits, for one whose shorter codes begin its longer ones."""
        raise BadInput(f"hash '{self.name}' cannot be cut to {bits} bits: fit it at that length")


class LinearHash(HashMethod):
    """A method whose values are (X - mean) @ projection; it is wholly described by these two arrays."""

    mean: np.ndarray | None = None  # float32 (d,)
    projection: np.ndarray | None = None  # float32 (d, bits)

    def project(self, X: np.ndarray) -> np.ndarray:
        """(X - mean) @ projection, float32 (N, bits).

        Summed in float64: the rounding left is too small for the number of threads or of rows to move a bit.
        """
        if self.mean is None or self.projection is None:
            raise RuntimeError(f"{self.name} is not fitted: call fit first")
        check_features(X)
        if X.shape[1] != len(self.mean):
            raise BadInput(f"features of {X.shape[1]} dimensions: {self.name} was fitted on {len(self.mean)}")
        return centred_product(X, self.mean, self.projection)

    def state(self) -> dict[str, np.ndarray]:
        """The fitted arrays, `mean` float32 (d,) and `projection` float32 (d, bits); codes follow from them alone."""
        if self.mean is None or self.projection is None:
            raise RuntimeError(f"{self.name} is not fitted: call fit first")
        return {"mean": self.mean, "projection": self.projection}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray], seed: int = 0) -> Self:
        """The method that `state()` was taken from: it gives the same codes."""
        mean, projection = (np.asarray(state[key], dtype=np.float32) for key in ("mean", "projection"))
        if mean.ndim != 1 or projection.ndim != 2 or len(mean) != len(projection):
            raise BadInput(
                f"the stored {cls.name} has mean {mean.shape} and projection {projection.shape}: "
                "expected (d,) and (d, bits)"
            )
        if not (np.isfinite(mean).all() and np.isfinite(projection).all()):
            raise BadInput(f"the stored {cls.name} holds NaN or infinite values: fit it again")
        method = cls(projection.shape[1], seed)
        method._keep(mean, projection)
        return method

    def cut(self, bits: int) -> Self:
        """The method of the first `bits` planes."""
        state = self.state()
        return type(self).from_state({**state, "projection": state["projection"][:, :bits]}, self.seed)

    def _keep(self, mean: np.ndarray, projection: np.ndarray) -> Self:
        # Rounded to what is stored at once, so that codes are the same before and after saving.
        self.mean = np.ascontiguousarray(mean, dtype=np.float32)
        self.projection = np.ascontiguousarray(projection, dtype=np.float32)
        return self


@contextmanager
def one_thread() -> Iterator[None]:
    """Products and decompositions inside use one thread, so that the number of threads cannot change a fit.

    It costs little: the products of a fit are thin, and on a busy machine threads wait for each other. OpenMP's limit
    is the whole process's, hence the lock: of two fits at once the second would keep the first one's limit.
    """
    with _FITTING, blas_threads(1), threadpool_limits(1, user_api="openmp"):
        yield


def check_features(X: np.ndarray, least_rows: int = 0) -> None:
    """BadInput unless X is float (N, d) with d > 0, finite values and at least `least_rows` rows."""
    if not isinstance(X, np.ndarray) or X.ndim != 2 or X.shape[1] < 1 or X.dtype.kind != "f":
        found = f"shape {X.shape} and type {X.dtype}" if isinstance(X, np.ndarray) else f"type {type(X).__name__}"
        raise BadInput(f"features of {found}: expected a float array (N, d)")
    if len(X) < least_rows:
        raise BadInput(f"{len(X)} rows of features: expected at least {least_rows} to fit on")
    for start in range(0, len(X), CHUNK):
        bad = ~np.isfinite(X[start : start + CHUNK]).all(axis=1)
        if bad.any():
            raise BadInput(f"features hold NaN or infinite values (row {start + int(bad.argmax())}): remove such rows")


def check_varied(X: np.ndarray, method: str) -> None:
    """BadInput, naming `method`, unless X is float (N, d), finite, with at least 2 rows, and rows that differ."""
    check_features(X, least_rows=2)
    if all((X[start : start + CHUNK] == X[0]).all() for start in range(0, len(X), CHUNK)):
        raise BadInput(f"the features are constant: {method} needs rows that differ, as all hashes but random-codes do")


def head_arrays(
    name: str, state: Mapping[str, np.ndarray], shapes: Mapping[str, str]
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """The arrays of a stored head as float32, and the sizes that its letters stand for.

    `shapes` has a letter or a digit a dimension: equal letters are equal sizes, a digit is that size. BadInput, naming
    the method, where an array is missing, does not fit or is not finite.
    """
    arrays: dict[str, np.ndarray] = {}
    sizes: dict[str, int] = {}
    for key, letters in shapes.items():
        if key not in state:
            raise BadInput(f"the stored {name} has no '{key}': fit it again")
        array = np.ascontiguousarray(state[key], dtype=np.float32)
        wanted = [int(letter) if letter.isdigit() else sizes.get(letter) for letter in letters]
        if array.ndim != len(letters) or any(
            want not in (None, size) for want, size in zip(wanted, array.shape, strict=True)
        ):
            raise BadInput(f"the stored {name} has '{key}' of shape {array.shape}, which does not fit its other arrays")
        if not np.isfinite(array).all():
            raise BadInput(f"the stored {name} holds NaN or infinite values: fit it again")
        arrays[key] = array
        sizes |= dict(zip(letters, array.shape, strict=True))
    return arrays, sizes


def feature_mean(X: np.ndarray) -> np.ndarray:
    """The mean row, float64 (d,), of features float (N, d)."""
    return X.mean(axis=0, dtype=np.float64)


def centred_product(X: np.ndarray, mean: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """(X - mean) @ projection, summed in float64, returned as float32 (N, bits)."""
    mean, projection = mean.astype(np.float64), projection.astype(np.float64)
    result = np.empty((len(X), projection.shape[1]), dtype=np.float32)
    for start in range(0, len(X), CHUNK):
        part = slice(start, start + CHUNK)
        result[part] = (X[part].astype(np.float64) - mean) @ projection
    return result
