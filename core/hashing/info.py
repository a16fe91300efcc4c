"""What is said of a hash method, and the code lengths that methods come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.hashing.base import HashMethod

OFFERED_BITS = tuple(range(8, 129, 8))  # lengths offered for methods that can make any
LEARNED_BITS = (16, 32, 48, 64, 128)  # of methods that are trained at each length


@dataclass(frozen=True)
class Images:
    """What a control makes codes from: the images of a split, or a new picture, of which nothing but this is known."""

    split: str
    count: int
    classes: int
    predicted: np.ndarray | None = None  # int (count,), where the encoder predicts a class


MakeCodes = Callable[[Images, int, int], np.ndarray]  # images, bits, seed -> packed codes uint8 (count, bytes)


@dataclass(frozen=True)
class HashInfo:
    """What selectors, tooltips and the engine need to know of a method."""

    name: str
    label: str
    description: str
    source: str
    control: bool = False  # a yardstick, not a method to use
    make_codes: MakeCodes | None = None  # of a control: codes follow from no embedding
    of_prediction: bool = False  # they follow from the predicted class, of which a new picture has one, too
    class_bits: Callable[[int], int] | None = None  # classes -> the one length there is
    drawn: bool = False  # another seed gives other codes
    asymmetric: bool = False  # has real values, so a query need not be cut to bits
    prefix: bool = False  # the first b bits are the method's code of b bits
    fit: type[HashMethod] | None = None  # fit(bits, seed) is an unfitted method; None: not fitted here
    needs_labels: bool = False
    needs_similarity: bool = False  # of classes, by the bundle's default hierarchy
    distance: str = "hamming"  # how codes are compared: a name of `core.codes.distances`, "own": by the method itself
    distance_cap: int | None = None  # Hamming distances count at most this much; None: as they are
    within_dimensions: bool = False  # at most one bit a dimension
    most_a_dimension: int | None = None  # at most this many bits a dimension
    fixed_bits: Callable[[int], int] | None = None  # dimensions -> the one length there is
    least_rows: Callable[[int], int] | None = None  # bits -> rows that it takes to fit them
    stored_only: bool = False  # codes come with the bundle or not at all
    own_layer: bool = False  # an encoder may have trained these codes itself, so that there is one draw of them
    slow_fit: bool = False  # fitted by `python -m core hash` and kept as a head, never when a page asks for codes
    lengths: tuple[int, ...] = OFFERED_BITS  # that it is fitted at

    @property
    def bits_are_choices(self) -> bool:
        """Whether each bit says something by itself, and is no digit of a number."""
        return self.distance in ("hamming", "own")
