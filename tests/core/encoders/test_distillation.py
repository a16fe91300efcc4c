import pytest
import torch

from core.encoders.distillation import distillation_loss


def test_by_hand():
    # Teacher's probabilities 3/4 and 1/4, the network's 1/2 and 1/2: log 2 - entropy of the teacher's.
    wanted, found = torch.log(torch.tensor([[3.0, 1.0]])), torch.zeros(1, 2)
    by_hand = 0.75 * torch.log(torch.tensor(0.75 / 0.5)) + 0.25 * torch.log(torch.tensor(0.25 / 0.5))
    assert float(distillation_loss(found, wanted, 1.0)) == pytest.approx(float(by_hand), abs=1e-6)


def test_temperature_softens_both_and_is_paid_back():
    wanted, found = torch.tensor([[2.0, 0.0, 1.0]]), torch.tensor([[0.5, 0.3, -1.0]])
    at_two = distillation_loss(found, wanted, 2.0)
    assert float(at_two) == pytest.approx(4 * float(distillation_loss(found / 2, wanted / 2, 1.0)), rel=1e-5)


def test_a_network_that_says_the_same_loses_nothing_whatever_is_added_to_all_logits():
    logits = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    assert float(distillation_loss(logits + 3.0, logits, 2.0)) == pytest.approx(0.0, abs=1e-5)
