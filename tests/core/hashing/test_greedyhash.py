from __future__ import annotations

import math

import pytest
import torch

from core.hashing.greedyhash import greedy_loss


def test_loss_by_hand():
    values = torch.tensor([[3.0, -0.5]])  # signs (1, -1); | |u| - 1 |^3 is 8 and 1/8
    weight = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])  # logits (2, 0)
    expected = math.log(1 + math.exp(-2)) + 0.1 * (8 + 0.125) / 2
    assert greedy_loss(values, weight, torch.tensor([0]), 0.1).item() == pytest.approx(expected)


def test_a_step_turns_a_wrong_bit():
    values = torch.tensor([[-0.05, -1.0]], requires_grad=True)
    weight = torch.tensor([[2.0, -2.0], [0.0, 0.0]])
    greedy_loss(values, weight, torch.tensor([0]), 0.0).backward()
    assert (values - 0.1 * values.grad)[0, 0] > 0
