"""What an encoder is to a picture: prepared in threads, described in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Described(NamedTuple):
    """What an encoder says of N pictures, float32: features (N, d), class probabilities (N, C) and the values of the
    network's own code (N, bits); C and bits are 0 where it has none."""

    features: np.ndarray
    probabilities: np.ndarray
    latent: np.ndarray


class PictureEncoder(ABC):
    """`prepare` may run in threads; `describe` takes what it made. `key` changes whenever the features would."""

    name: str
    made: str
    key: str
    batch: int  # pictures at a time
    weights_file: str = ""  # its name
    mirrored = False  # whether what it says of a picture counts its mirror image too
    classifies = False  # whether probabilities are those of a classifier, not a softmax of cosines
    cut = 1.0  # share of the middle square's side that it is given

    @abstractmethod
    def prepare(self, picture: np.ndarray) -> object:
        """What the network is given, of a picture uint8 (H, W, 3)."""

    @abstractmethod
    def describe(self, prepared: Sequence[object]) -> Described:
        """All that the encoder says of prepared pictures."""

    @abstractmethod
    def seen(self, prepared: object) -> np.ndarray:
        """What the network is given as a picture again, uint8 (h, w, 3)."""

    def encode(self, prepared: Sequence[object]) -> np.ndarray:
        """Features float32 (N, d) of prepared pictures."""
        return self.describe(prepared).features

    def encode_pictures(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Features float32 (N, d) of pictures uint8 (H, W, 3)."""
        return self.encode([self.prepare(picture) for picture in pictures])
