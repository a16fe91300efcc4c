"""Fitting a bag of visual words: a vocabulary of some descriptors of the training pictures, then their idf."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.encoders.visual_words.bag import BLOCK, BagOfWords, count_words, inverse_document_frequency
from core.encoders.visual_words.recipes import VisualWordsRecipe
from core.encoders.visual_words.vocabulary import fit_centres
from core.runtime.parallel import run_blocks

Progress = Callable[[float], object]


def fit_bag(
    recipe: VisualWordsRecipe, images: np.ndarray, seed: int = 0, threads: int | None = None, progress: Progress = float
) -> tuple[BagOfWords, np.ndarray]:
    """The bag fitted on images uint8 (N, H, W, 3), and its counts of them, float32 (N, words + 1).

    `progress` hears the share that is done, 0 to 1.
    """
    descriptors = sample_descriptors(recipe, images, seed, threads, lambda share: progress(0.2 * share))
    centres = fit_centres(recipe, descriptors, seed)
    counts = count_words(recipe, centres, images, threads, lambda share: progress(0.3 + 0.7 * share))
    return BagOfWords(recipe, centres, inverse_document_frequency(counts)), counts


def sample_descriptors(
    recipe: VisualWordsRecipe, images: np.ndarray, seed: int, threads: int | None = None, progress: Progress = float
) -> np.ndarray:
    """About `fitted_on` descriptors float32 (M, d) of as many pictures as have so many: all that those pictures have.

    The pictures are drawn by the seed.
    """
    from core.encoders.visual_words.descriptors import describe

    each = describe(recipe, images[:1]).shape[1]
    wanted = min(len(images), -(-recipe.fitted_on // each))
    drawn = np.sort(np.random.default_rng(seed).permutation(len(images))[:wanted])
    parts: dict[int, np.ndarray] = {}

    def work(block: slice) -> None:
        found = describe(recipe, images[drawn[block]])
        parts[block.start] = found[found.any(axis=2)]

    run_blocks(work, len(drawn), threads, BLOCK, progress)
    return np.concatenate([parts[start] for start in sorted(parts)])
