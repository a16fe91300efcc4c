"""What an encoder says of many images. Needs no torch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.encoders.recipes.base import SOFTMAX


class EncodedImages(NamedTuple):
    """Float32 arrays: embeddings (N, d), class probabilities (N, C), latent values (N, bits), bits 0 without them.

    C is 0 for an encoder that predicts no class.
    """

    embeddings: np.ndarray
    probabilities: np.ndarray
    latent: np.ndarray


def vectors_of(encoder: str, encoded: EncodedImages, reduction: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray:
    """What an encoder of that name has for embeddings, float32 (N, d), reduced by a mean (D,) and axes (D, d)."""
    vectors = encoded.probabilities if encoder.endswith(SOFTMAX) else encoded.embeddings
    if reduction is None:
        return vectors
    mean, axes = reduction
    return (vectors - mean) @ axes
