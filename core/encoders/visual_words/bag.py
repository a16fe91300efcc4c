"""Bags of visual words: Sivic & Zisserman, Video Google, ICCV 2003.

A picture's descriptors are counted by their nearest words; counts become tf-idf weights, with 1 + ln(count) for tf
(Manning et al., Introduction to Information Retrieval, 2008, 6.4.1), at unit length. A patch of one colour has no
descriptor. A picture without any, such as one of a single colour, is given one word of its own beyond the
vocabulary: so its vector is no zero vector, which would have no direction, and it is near to pictures like it alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.encoders.encoded import EncodedImages
from core.encoders.visual_words.recipes import VisualWordsRecipe
from core.encoders.visual_words.vocabulary import nearest_words
from core.runtime.parallel import run_blocks

BLOCK = 50  # pictures


@dataclass(frozen=True, eq=False)
class BagOfWords:
    """A fitted bag: `centres` float32 (words, d); `idf` float32 (words + 1,), the last of pictures without descriptor.

    Threads may share it.
    """

    recipe: VisualWordsRecipe
    centres: np.ndarray
    idf: np.ndarray

    @property
    def weight_count(self) -> int:
        """Numbers that were fitted."""
        return self.centres.size + self.idf.size

    def encode(
        self, images: np.ndarray, threads: int | None = None, progress: Callable[[float], object] | None = None
    ) -> EncodedImages:
        """tf-idf vectors float32 (N, words + 1) of images uint8 (N, H, W, 3); it predicts no class and has no code."""
        vectors = tf_idf(count_words(self.recipe, self.centres, images, threads, progress), self.idf)
        none = np.empty((len(images), 0), np.float32)
        return EncodedImages(vectors, none, none)


def count_words(
    recipe: VisualWordsRecipe,
    centres: np.ndarray,
    images: np.ndarray,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> np.ndarray:
    """Counts float32 (N, words + 1) of each word in images uint8 (N, H, W, 3); the last column is 1 in a picture
    without descriptor, else 0."""
    from core.encoders.visual_words.descriptors import describe

    counts = np.zeros((len(images), len(centres) + 1), np.float32)

    def work(block: slice) -> None:
        found = describe(recipe, images[block])
        pictures, places = np.nonzero(found.any(axis=2))
        words = nearest_words(found[pictures, places], centres)
        np.add.at(counts[block], (pictures, words), 1)

    run_blocks(work, len(images), threads, BLOCK, progress)
    counts[:, -1] = ~counts.any(axis=1)
    return counts


def inverse_document_frequency(counts: np.ndarray) -> np.ndarray:
    """idf float32 (words + 1,) of counts (N, words + 1): ln((1 + N) / (1 + n)) + 1, n the pictures with the word.

    Smoothed as in scikit-learn's TfidfTransformer, so that a word that no picture has is defined as well.
    """
    return (np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0))) + 1).astype(np.float32)


def tf_idf(counts: np.ndarray, idf: np.ndarray) -> np.ndarray:
    """Unit vectors float32 (N, words + 1) of counts, none of whose rows is all 0."""
    weights = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * idf
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)
