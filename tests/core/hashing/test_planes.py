from __future__ import annotations

import pytest
import torch

from core.hashing.planes import balance, fence, nearest, ranking


def test_balance_by_hand():
    # The means of the bits over items are 0 and -1.
    assert balance(torch.tensor([[1.0, -1.0], [-1.0, -1.0]])).item() == pytest.approx(0.5)


def test_fence_by_hand():
    assert fence(torch.tensor([[1.0, -0.5], [0.0, -1.0]])).item() == pytest.approx((0.5 + 1) / 4)


def test_ranking_by_hand():
    similarity = torch.tensor([[9.0, 0.5, 0.2], [0.5, 9.0, 0.9], [0.2, 0.9, 9.0]])
    near = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    # Row 0: max(0, 0.4 - 0.5 + 0.2) = 0.1. Row 1: 0.4 - 0.5 + 0.9 = 0.8. Row 2 has no near item.
    assert ranking(similarity, near, 0.4).item() == pytest.approx(0.45)
    assert ranking(similarity, torch.eye(3), 0.4).item() == 0  # the diagonal is no near item
    many = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    # Row 0 has no other item left; row 1 has one near item although row 0 has two.
    assert ranking(similarity, many, 0.4).item() == pytest.approx(0.8)


def test_nearest_leaves_the_item_itself_out():
    features = torch.tensor([[1.0, 0.0], [2.0, 0.2], [0.0, 1.0]])
    assert nearest(features, 1).tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert nearest(features, 9).tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
