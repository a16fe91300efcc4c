from __future__ import annotations

import numpy as np
import pytest
import torch

from core.hashing.expected_similarity import similarity_loss
from core.hashing.packing import unpack
from tests.core.hashing.class_data import SIMILARITY, class_data, fitted


def test_loss_of_pairs_by_hand():
    cosine = torch.tensor([[1.0, 0.5, 0.0], [0.5, 1.0, -1.0], [0.0, -1.0, 1.0]])
    wanted = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    weights = torch.tensor([[9.0, 3.0, 1.0], [3.0, 9.0, 1.0], [1.0, 1.0, 9.0]])
    # Squares 1/4, 0 and 1, each twice, weighted 3, 1 and 1; the diagonal has no part.
    assert similarity_loss(cosine, wanted, weights).item() == pytest.approx((3 / 4 + 0 + 1) / 5)


def test_codes_of_alike_classes_are_nearer_than_those_of_others():
    X, y = class_data()
    bits = unpack(fitted("expected-similarity", 32).encode(X), 32)
    centres = np.array([bits[y == c].mean(axis=0) > 0.5 for c in range(20)])
    distances = (centres[:, None] != centres).sum(axis=2)
    assert distances[SIMILARITY == 0.5].mean() < distances[SIMILARITY == 0].mean() - 4
