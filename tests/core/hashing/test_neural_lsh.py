from __future__ import annotations

import pytest
import torch

from core.hashing.neural_lsh import neural_lsh_loss, unlike


def test_loss_by_hand():
    codes = torch.tensor([[1.0, 0.5], [1.0, -1.0]])
    apart = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    # Sums of bits 1.5 and 0; distances to -1 and 1 in all 0.5 and 0; |<h_u, h_v>| = 0.5 in two of four pairs.
    found = neural_lsh_loss(codes, apart, 0.1, 0.2).item()
    assert found == pytest.approx(0.1 * 0.75 + 0.2 * 0.25 + 0.7 * 0.25)


def test_unlike_leaves_the_most_alike_pairs_out():
    features = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [-1.0, 0.0]])
    # Of 16 pairs the 4 on the diagonal and the one pair of near rows (counted twice) are left out.
    assert unlike(features, 6 / 16).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]]
    assert unlike(features, 0.0).tolist() == (1 - torch.eye(4)).tolist()


def test_gradient():
    codes = torch.tensor([[0.3, -0.2], [0.6, 0.5]], dtype=torch.float64, requires_grad=True)
    apart = 1 - torch.eye(2, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: neural_lsh_loss(x, apart, 0.1, 0.1), (codes,))
