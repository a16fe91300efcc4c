"""The vocabulary: k-means centres of descriptors, and the nearest of them."""

from __future__ import annotations

import numpy as np

from core.encoders.visual_words.recipes import VisualWordsRecipe
from core.errors import BadInput


def fit_centres(recipe: VisualWordsRecipe, descriptors: np.ndarray, seed: int) -> np.ndarray:
    """Centres float32 (words, d) of descriptors float32 (N, d), rounded to what float16 holds, as they are stored.

    By scikit-learn's MiniBatchKMeans. Raises BadInput for fewer descriptors than words.
    """
    from sklearn.cluster import MiniBatchKMeans

    if len(descriptors) < recipe.words:
        raise BadInput(
            f"words {recipe.words} of encoder '{recipe.encoder}': the training pictures have only "
            f"{len(descriptors)} descriptors; ask for fewer words"
        )
    method = MiniBatchKMeans(
        recipe.words, batch_size=recipe.batch_size, n_init=1, max_iter=recipe.rounds, random_state=seed
    )
    return method.fit(descriptors).cluster_centers_.astype(np.float16).astype(np.float32)


def nearest_words(descriptors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Index of the nearest centre of each descriptor, int64 (N,), by Euclidean distance; of equals the first."""
    half_squares = np.einsum("ij,ij->i", centres, centres) / 2
    return (descriptors @ centres.T - half_squares).argmax(axis=1)
