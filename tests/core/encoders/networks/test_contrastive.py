import math

import pytest
import torch

from core.encoders.networks.base import Encoded
from core.encoders.networks.contrastive import ContrastiveNetwork


def test_proxy_anchor_by_hand(small_recipe):
    """Three proxies, two images of class 0 with cosines (.5, .2, 0) and (.8, -.1, .3); alpha 2, delta .1."""
    network = ContrastiveNetwork(small_recipe("contrastive", scale=2.0, margin=0.1), torch.eye(3))
    logits = torch.tensor([[0.5, 0.2, 0.0], [0.8, -0.1, 0.3]])
    encoded = Encoded(torch.zeros(2, 4), logits, torch.empty(2, 0))
    pull = math.log(1 + math.exp(-2 * 0.4) + math.exp(-2 * 0.7))  # of the one proxy with images
    push = [0.0, math.log(1 + math.exp(2 * 0.3) + math.exp(0.0)), math.log(1 + math.exp(2 * 0.1) + math.exp(2 * 0.4))]
    assert network.loss(encoded, torch.tensor([0, 0])).item() == pytest.approx(pull + sum(push) / 3, rel=1e-5)


def test_gradients_are_finite_when_a_class_fills_the_batch(small_recipe):
    network = ContrastiveNetwork(small_recipe("contrastive"), torch.eye(3))
    network.loss(network(torch.rand(4, 3, 32, 32)), torch.zeros(4, dtype=torch.long)).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())
