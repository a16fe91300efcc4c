"""Control: the code is the number of the predicted class. How much of a learned code's figure is this already?

Two codes are at distance 0 if equal, else 1: the Hamming distance of two class numbers means nothing. See
Sablayrolles et al., "How should we evaluate supervised hashing?", ICASSP 2017.
"""

from __future__ import annotations

import numpy as np

from core.errors import BadInput
from core.hashing import packing
from core.hashing.info import Images


def class_bits(classes: int) -> int:
    """Bits that tell `classes` classes apart: ceil(log2(classes)), at least 1.

    >>> class_bits(100)
    7
    """
    if classes < 1:
        raise BadInput(f"{classes} classes: expected at least 1")
    return max(1, (classes - 1).bit_length())


def class_codes(predicted: np.ndarray, classes: int) -> np.ndarray:
    """Class numbers int (N,) in 0..classes - 1 -> packed codes uint8 (N, ceil(class_bits / 8)), highest bit first."""
    predicted = np.asarray(predicted)
    bits = class_bits(classes)
    if predicted.ndim != 1 or predicted.dtype.kind not in "iu":
        raise BadInput(
            f"predicted classes of shape {predicted.shape} and type {predicted.dtype}: expected whole numbers (N,)"
        )
    wrong = (predicted < 0) | (predicted >= classes)
    if wrong.any():
        row = int(wrong.argmax())
        raise BadInput(f"predicted class {predicted[row]} (row {row}): expected 0 to {classes - 1}")
    return packing.pack((predicted.astype(np.int64)[:, None] >> np.arange(bits)[::-1] & 1).astype(np.bool_))


def predicted_codes(images: Images, bits: int, seed: int) -> np.ndarray:
    """The codes of images whose class is predicted; no seed changes them."""
    if images.predicted is None:
        raise BadInput(f"no class is predicted for the images of '{images.split}': choose an encoder that predicts one")
    return class_codes(images.predicted, images.classes)
