import pytest
import torch

from core.encoders.networks.registry import make_network
from core.encoders.optimizers import Optimizers, schedule


def test_rates_rise_hold_and_fall_to_zero(small_recipe):
    recipe = small_recipe(warm_up=0.1, hold=0.4)
    assert [schedule(recipe, share) for share in (0, 0.05, 0.1, 0.4, 0.7, 1)] == pytest.approx([0, 0.5, 1, 1, 0.5, 0])


def test_each_cycle_starts_anew_at_a_lower_rate(small_recipe):
    recipe = small_recipe(warm_up=0.0, hold=0.5, cycles=3, cycle_decay=0.4)
    assert [schedule(recipe, done) for done in (0, 0.75, 1, 1.75, 2.25)] == pytest.approx([1, 0.5, 0.4, 0.2, 0.16])


def test_no_warm_up_and_no_fall(small_recipe):
    recipe = small_recipe(warm_up=0.0, hold=1.0)
    assert [schedule(recipe, share) for share in (0, 0.5, 0.999)] == [1, 1, 1]


@pytest.mark.parametrize("optimizer", ["muon", "sgd"])
def test_everything_moves_and_filters_keep_their_length_under_muon(small_recipe, optimizer):
    torch.manual_seed(0)
    recipe = small_recipe(optimizer=optimizer)
    network = make_network(recipe, torch.eye(5))
    network.prepare(torch.rand(20, 3, 32, 32))
    optimizers = Optimizers(network, recipe)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    network.train()
    images, labels = torch.rand(20, 3, 32, 32), torch.arange(20) % 5
    network.loss(network(images), labels).backward()
    optimizers.step(0.2)
    for name, weight in network.named_parameters():
        fixed = name == "trunk.whiten.weight"
        assert torch.equal(weight, before[name]) == fixed, name
        if optimizer == "muon" and name.startswith("trunk.groups") and weight.ndim == 2:
            assert weight.detach().norm().item() == pytest.approx(len(weight) ** 0.5, rel=1e-4)
    assert all(weight.grad is None for weight in network.parameters())


def test_proxies_learn_at_their_own_rate(small_recipe):
    recipe = small_recipe("contrastive", proxy_rate=0.5)
    network = make_network(recipe, torch.eye(5))
    groups = Optimizers(network, recipe).all[1].param_groups
    assert [group["lr"] for group in groups if any(p is network.proxies for p in group["params"])] == [0.5]
    assert sum(len(group["params"]) for group in groups) == len(
        [p for p in network.parameters() if p.requires_grad]
    ) - len(network.trunk.filters())
