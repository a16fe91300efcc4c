from __future__ import annotations

import math

import pytest
import torch

from core.hashing.dch import NEAREST, cauchy_loss, cauchy_quantisation, cosine_distance

CODES = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0]])


def test_distance_of_signs_is_hamming():
    assert cosine_distance(CODES, CODES).tolist() == [[0, 2, 4], [2, 0, 2], [4, 2, 0]]


def test_loss_by_hand():
    # The probability of a similar pair is 2 / (2 + 6) = 1/4.
    distance = torch.tensor([[6.0, 6.0]])
    found = cauchy_loss(distance, torch.tensor([[1.0, 0.0]]), 2.0)
    torch.testing.assert_close(found, torch.tensor([[math.log(4), -math.log(3 / 4)]]))


def test_equal_codes_of_different_classes_have_a_finite_loss():
    found = cauchy_loss(torch.zeros(1, 1), torch.zeros(1, 1), 2.0).item()
    assert found == pytest.approx(math.log(1 + 2 / NEAREST))


def test_quantisation_by_hand():
    assert cauchy_quantisation(CODES, 3.0).item() == pytest.approx(0, abs=1e-6)
    # |(1, 0)| and (1, 1) have the cosine 1 / sqrt 2: d = 1 - 1 / sqrt 2.
    d = 1 - 0.5**0.5
    assert cauchy_quantisation(torch.tensor([[1.0, 0.0]]), d).item() == pytest.approx(math.log(2))


def test_gradient():
    codes = torch.tensor([[0.3, -0.2, 0.5], [0.9, 0.5, -0.1]], dtype=torch.float64, requires_grad=True)
    same = torch.tensor([[1.0, 0.0]], dtype=torch.float64)

    def loss(x):
        return cauchy_loss(cosine_distance(x[:1], x[1:]), same, 0.4).sum() + cauchy_quantisation(x, 0.4)

    assert torch.autograd.gradcheck(loss, (codes,))
