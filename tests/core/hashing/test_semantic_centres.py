from __future__ import annotations

import numpy as np

from core.hashing.packing import unpack
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
