from __future__ import annotations

import torch

from core.hashing.straight_through import straight_signs


def test_signs_and_their_gradient():
    values = torch.tensor([[-2.0, 0.0, 0.5]], requires_grad=True)
    signs = straight_signs(values)
    assert signs.tolist() == [[-1, -1, 1]]  # 0 is no bit
    (signs * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert values.grad.tolist() == [[1, 2, 3]]


def test_the_gradient_of_something_smooth():
    values = torch.tensor([[0.5, -0.5]], requires_grad=True)
    signs = straight_signs(values, 3.0 * values)
    assert signs.tolist() == [[1, -1]]
    signs.sum().backward()
    assert values.grad.tolist() == [[3, 3]]
