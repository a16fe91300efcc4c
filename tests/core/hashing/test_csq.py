from __future__ import annotations

import math

import pytest
import torch

from core.hashing.csq import central_loss


def test_loss_by_hand():
    centres = torch.tensor([[1.0, -1.0]])
    assert central_loss(torch.zeros(1, 2), centres, 0.1).item() == pytest.approx(math.log(2) + 0.1)
    # sigmoid(2 u) = 3/4 for u = log(3) / 2: the first bit is right, the second wrong; tanh(u) = 1/2.
    u = math.log(3) / 2
    expected = -(math.log(3 / 4) + math.log(1 / 4)) / 2 + 0.1 * 0.25
    assert central_loss(torch.full((1, 2), u), centres, 0.1).item() == pytest.approx(expected)


def test_values_far_out_stay_finite():
    assert central_loss(torch.full((1, 2), 500.0), torch.tensor([[1.0, -1.0]]), 0.0).item() == pytest.approx(500)


def test_gradient():
    values = torch.tensor([[0.3, -0.2, 0.7]], dtype=torch.float64, requires_grad=True)
    centres = torch.tensor([[1.0, 1.0, -1.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: central_loss(x, centres, 0.3), (values,))
    central_loss(values, centres, 0.0).backward()
    assert (torch.sign(-values.grad) == centres).all()  # a step goes to the centre
