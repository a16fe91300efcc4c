from dataclasses import replace

import numpy as np
import pytest

from core.encoders.recipes.registry import get_recipe
from core.encoders.training import TrainingData


@pytest.fixture(scope="session")
def small_recipe():
    """A recipe of any encoder that trains in seconds."""

    def make(encoder="semantic", **changes):
        small = {"epochs": 2, "batch_size": 20, "widths": (6, 8, 10), "bits": 8, "blocks": (), "distil": 0.0}
        return replace(get_recipe(encoder), **{**small, **changes})

    return make


@pytest.fixture(scope="session")
def data():
    """40 images of five classes to fit and 40 to choose, told apart by their brightness."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 16)
    images = rng.integers(0, 60, (80, 32, 32, 3), dtype=np.uint8)
    images += (labels * 40)[:, None, None, None].astype(np.uint8)
    vectors = np.linalg.cholesky(np.full((5, 5), 0.25) + 0.75 * np.eye(5))
    return TrainingData(images[::2], labels[::2], images[1::2], labels[1::2], vectors)
