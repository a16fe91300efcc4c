from __future__ import annotations

import math

import pytest
import torch

from core.hashing.latent_sigmoid import latent_loss


def test_loss_by_hand():
    weight, bias = torch.tensor([[4.0, 0.0], [0.0, 2.0]]), torch.tensor([0.0, 1.0])
    # Values 0 are activations 0.5: logits (2, 2). Values +-infinity are 1 and 0: logits (4, 1).
    labels = torch.tensor([0])
    assert latent_loss(torch.zeros(1, 2), weight, bias, labels).item() == pytest.approx(math.log(2))
    far = latent_loss(torch.tensor([[100.0, -100.0]]), weight, bias, labels).item()
    assert far == pytest.approx(math.log(1 + math.exp(-3)))


def test_gradient():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *x: latent_loss(*x, torch.tensor([0, 1, 1])), (values, weight, bias))
