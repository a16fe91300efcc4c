from __future__ import annotations

import numpy as np
import pytest
import torch

from core.hashing.packing import unpack
from core.hashing.semantic_centres import centre_loss
from tests.core.hashing.class_data import SIMILARITY, class_data, fitted


def test_codes_of_alike_classes_are_nearer_than_those_of_others():
    X, y = class_data()
    bits = unpack(fitted("semantic-centres", 32).encode(X), 32)
    centres = np.array([bits[y == c].mean(axis=0) > 0.5 for c in range(20)])
    distances = (centres[:, None] != centres).sum(axis=2)
    alike, apart = distances[SIMILARITY == 0.5], distances[SIMILARITY == 0]
    assert alike.mean() < apart.mean() - 4
    plain = unpack(fitted("csq", 32).encode(X), 32)
    flat = np.array([plain[y == c].mean(axis=0) > 0.5 for c in range(20)])
    distances = (flat[:, None] != flat).sum(axis=2)
    assert abs(distances[SIMILARITY == 0.5].mean() - distances[SIMILARITY == 0].mean()) < 2  # csq knows of no tree


def test_loss_by_hand():
    centres = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    wanted = torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    values = torch.tensor([[2.0, 0.1]])  # signs (1, 1): cosines 1 and 0
    # All of class 0: wanted 1 and 0.5, weights 1 + 3 and 1. Half of each: wanted 0.75 twice, weights 2.5 twice.
    sure, torn = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.5, 0.5]])
    assert centre_loss(values, sure, centres, wanted, 3.0).item() == pytest.approx(0.25 / 5)
    assert centre_loss(values, torn, centres, wanted, 3.0).item() == pytest.approx((0.0625 + 0.5625) / 2)


def test_an_image_between_two_classes_lies_between_their_codes():
    X, y = class_data()
    method = fitted("semantic-centres", 64)
    means = np.stack([X[y == c].mean(axis=0) for c in range(20)]).astype(np.float32)
    bits = unpack(method.encode(means), 64).astype(int)
    pairs = [(a, b) for a in range(20) for b in range(a) if SIMILARITY[a, b] == 0]
    between = unpack(method.encode(np.stack([means[a] + means[b] for a, b in pairs]) / 2), 64).astype(int)
    nearer = [
        max(np.abs(bits[a] - mixed).sum(), np.abs(bits[b] - mixed).sum()) < np.abs(bits[a] - bits[b]).sum()
        for (a, b), mixed in zip(pairs, between, strict=True)
    ]
    assert np.mean(nearer) > 0.9
