from __future__ import annotations

import pytest
import torch

from core.hashing.pairs import balanced, same_class


def test_same_class():
    assert same_class(torch.tensor([2, 0, 2])).tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_balanced_by_hand():
    same = same_class(torch.tensor([0, 0, 1]))
    losses = torch.tensor([[9.0, 1.0, 2.0], [3.0, 9.0, 4.0], [5.0, 7.0, 9.0]])
    # Pairs of one class: 1 and 3, mean 2. Others: 2, 4, 5, 7, mean 4.5. The diagonal has no part.
    assert balanced(losses, same).item() == pytest.approx((2 + 4.5) / 2)
    assert balanced(losses, same, power=0).item() == pytest.approx((1 + 3 + 2 + 4 + 5 + 7) / 6)
    # Weights (6/2)^0.5 and (6/4)^0.5.
    weights = (3**0.5, 1.5**0.5)
    expected = (4 * weights[0] + 18 * weights[1]) / (2 * weights[0] + 4 * weights[1])
    assert balanced(losses, same, power=0.5).item() == pytest.approx(expected)


def test_a_kind_of_pair_that_is_missing_has_no_part():
    losses = torch.tensor([[9.0, 1.0], [3.0, 9.0]])
    assert balanced(losses, same_class(torch.tensor([0, 0]))).item() == pytest.approx(2)
    assert balanced(losses, same_class(torch.tensor([0, 1]))).item() == pytest.approx(2)
    assert balanced(losses[:1, :1], same_class(torch.tensor([0]))).item() == 0
