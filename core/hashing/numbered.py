"""Methods whose codes are numbers, of cells or of parts of features: no real values stand behind their bits."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from core.errors import BadInput
from core.hashing import packing
from core.hashing.base import HashMethod, check_features


class NumberedHash(HashMethod):
    """A method whose codes are compared by what their numbers stand for; `encode` makes them."""

    @abstractmethod
    def encode(self, X: np.ndarray) -> np.ndarray:
        """Features float (N, d) -> packed codes uint8 (N, ceil(bits / 8))."""

    def project(self, X: np.ndarray) -> np.ndarray:
        """BadInput: there are no values whose signs would be the bits."""
        raise BadInput(f"hash '{self.name}' has no real values: its codes are numbers; use another search")


def pack_numbers(numbers: np.ndarray, bits: int) -> np.ndarray:
    """Numbers int (N, M), 0 to 2^bits - 1 each -> codes uint8 (N, ceil(M bits / 8)), each number's highest bit first.

    >>> pack_numbers(np.array([[5, 2]]), 3).tolist()
    [[168]]
    """
    places = np.arange(bits, dtype=numbers.dtype)[::-1]
    set_bits = (numbers[:, :, None] >> places & 1).astype(np.bool_)
    return packing.pack(set_bits.reshape(len(numbers), numbers.shape[1] * bits))


def unpack_numbers(codes: np.ndarray, count: int, bits: int) -> np.ndarray:
    """Codes of `count` numbers of `bits` bits -> int32 (N, count), C-contiguous. BadInput as in `check_codes`."""
    parts = packing.unpack(codes, count * bits).reshape(len(codes), count, bits)
    return parts @ (1 << np.arange(bits, dtype=np.int32)[::-1])


def check_dimensions(X: np.ndarray, dimensions: int, method: str) -> None:
    """BadInput, naming the method, unless X is float (N, dimensions) of finite values."""
    check_features(X)
    if X.shape[1] != dimensions:
        raise BadInput(f"features of {X.shape[1]} dimensions: {method} was fitted on {dimensions}")
