from __future__ import annotations

import numpy as np
import pytest
import torch

from core.hashing.packing import unpack
from core.hashing.random_hyperplane import RandomHyperplane
from core.hashing.trained_hyperplanes import correlation
from tests.core.hashing.class_data import class_data, fitted


def test_correlation_by_hand():
    codes = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, -1.0]])
    # Products of bits 1 and 2 have the mean 1, those with bit 3 the mean 0: 2 of 6 ordered pairs.
    assert correlation(codes).item() == pytest.approx(1 / 3)
    assert correlation(-codes[:, :1]).item() == 0
    opposite = torch.tensor([[1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
    assert correlation(opposite).item() == pytest.approx(1)  # opposite signs do not cancel


def test_bits_tell_different_things():
    X, _ = class_data()
    trained, random = (unpack(method.encode(X), 16) * 2.0 - 1 for method in (
        fitted("trained-hyperplanes", 16), RandomHyperplane(16).fit(X)))  # fmt: skip
    both = [np.abs(np.corrcoef(codes.T)[np.triu_indices(16, 1)]).mean() for codes in (trained, random)]
    assert both[0] < both[1]
