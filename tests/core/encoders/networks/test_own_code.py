import math

import pytest
import torch

from core.encoders.networks.own_code import OwnCode


def _circle(*degrees):
    angles = torch.tensor([math.radians(angle) for angle in degrees])
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def test_the_loss_by_hand():
    """Three images, saturated codes: 0 and 1 equal, 2 opposite; the embeddings of 1 and 2 are equally far from 0."""
    own = OwnCode(2, 4)
    own.scale.data.fill_(0.0)  # similarities of codes are taken as they are
    latent = 50 * torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1], [-1, -1, -1, -1]])
    embedding = _circle(0, 60, -60)
    # Image 0 wants halves and its codes say e^1 : e^-1. Images 1 and 2 want each other hardly at all: cos 120 = -.5
    # against cos 60 = .5 at a sharpness of .05, so all on image 0.
    near, far = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    expected = ((near + far) / 2 + near + math.log(2)) / 3
    assert own.loss(latent, embedding).item() == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_training_it_keeps_neighbours():
    torch.manual_seed(0)
    embedding = torch.nn.functional.normalize(torch.randn(300, 10))
    own = OwnCode(10, 16)
    optimizer = torch.optim.Adam(own.parameters(), 0.01)

    def kept():
        codes = (own(embedding) > 0).float() * 2 - 1
        hamming = (codes @ codes.T).fill_diagonal_(-99).topk(10).indices
        exact = (embedding @ embedding.T).fill_diagonal_(-9).topk(10).indices
        return sum(len(set(a.tolist()) & set(b.tolist())) for a, b in zip(hamming, exact, strict=True)) / 3000

    before = kept()
    for _ in range(150):
        optimizer.zero_grad()
        own.loss(own(embedding), embedding).backward()
        optimizer.step()
    assert kept() > before + 0.15
