from __future__ import annotations

import math

import pytest
import torch

from core.hashing.orthohash import ortho_loss

CENTRES = torch.tensor([[1.0, 1.0], [1.0, -1.0]])


def test_loss_by_hand():
    values = torch.tensor([[3.0, 3.0]])  # cosines 1 and 0, whatever the length
    for label, expected in ((0, math.log(1 + math.exp(-8 * 0.8))), (1, math.log(1 + math.exp(8 * 1.2)))):
        found = ortho_loss(values, CENTRES, torch.tensor([label]), 8.0, 0.2).item()
        assert found == pytest.approx(expected, rel=1e-4)


def test_gradient():
    values = torch.tensor([[0.3, -0.2], [0.5, 0.9]], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 1])
    assert torch.autograd.gradcheck(lambda x: ortho_loss(x, CENTRES.double(), labels, 4.0, 0.2), (values,))
