from __future__ import annotations

import math

import pytest
import torch

from core.hashing.hashnet import hashnet_loss, steepness
from core.hashing.pairs import same_class

SAME = same_class(torch.tensor([0, 0, 1]))


def test_loss_by_hand():
    codes = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    # With alpha 0.5 the pair of one class has t = 1: softplus(1) - 1 = log(1 + 1/e). Others have t = 0: log 2.
    expected = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    assert hashnet_loss(codes, SAME, 0.5).item() == pytest.approx(expected)


def test_great_products_stay_finite():
    codes = torch.full((3, 2), 1000.0)
    assert hashnet_loss(codes, SAME, 1.0).item() == pytest.approx(2e6 / 2)


def test_gradient():
    codes = torch.tensor([[0.3, -0.2], [1.0, 0.5], [-0.4, 0.1]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: hashnet_loss(x, SAME.double(), 0.7), (codes,))
    hashnet_loss(codes, SAME.double(), 0.7).backward()
    moved = (codes - 0.1 * codes.grad).detach()
    before, after = codes[0] @ codes[1], moved[0] @ moved[1]
    assert after > before  # a step draws the pair of one class together


def test_steepness():
    assert steepness(0.0, 10.0) == 1
    assert steepness(0.5, 10.0) == pytest.approx(math.sqrt(50.5))
    assert steepness(1.0, 10.0) == 10
