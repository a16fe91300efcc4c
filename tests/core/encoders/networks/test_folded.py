import numpy as np
import pytest
import torch
from torch import nn

from core.encoders.encoding import encode_images
from core.encoders.networks.filters import Filters
from core.encoders.networks.folded import folded, folded_filters
from core.encoders.networks.registry import make_network
from core.encoders.networks.residual import ResidualTrunk


@pytest.fixture(scope="module", params=["semantic", "classifier", "source", "contrastive"])
def network(request, small_recipe):
    """A residual network with weights and statistics at random, scales of either sign among them."""
    torch.manual_seed(0)
    network = make_network(small_recipe(request.param, blocks=(1, 2, 1), widths=(64, 8, 12)), torch.eye(5))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.1, 3)
        elif isinstance(module, Filters):
            nn.init.normal_(module.weight, std=(2 / module.weight.shape[1]) ** 0.5)
    return network.eval()


IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


def test_a_folded_network_says_what_the_network_says(network):
    for one, other in zip(encode_images(network, IMAGES), encode_images(folded(network), IMAGES), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_in_bfloat16_it_says_nearly_that(network):
    exact = network.trunk(torch.rand(4, 3, 32, 32, generator=torch.manual_seed(1))).detach()
    near = folded(network, torch.bfloat16).trunk(torch.rand(4, 3, 32, 32, generator=torch.manual_seed(1)))
    assert near.dtype == torch.float32
    assert torch.cosine_similarity(near, exact).min() > 0.999


def test_the_network_itself_stays_as_it_is(network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    twin = folded(network)
    assert isinstance(network.trunk, ResidualTrunk)
    assert twin.trunk is not network.trunk
    assert not any(weight.requires_grad for weight in twin.parameters())
    assert all(weight.requires_grad for weight in network.parameters())
    encode_images(twin, IMAGES)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_what_is_given_to_the_trunk_is_not_written_over(network):
    images = torch.rand(2, 3, 32, 32)
    before = images.clone()
    folded(network).trunk(images)
    assert torch.equal(images, before)


def test_the_small_trunk_is_not_folded(small_recipe):
    network = make_network(small_recipe(), torch.eye(5))
    assert folded(network) is network


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (3, 2), (1, 1)])
def test_folded_filters(side, stride):
    torch.manual_seed(0)
    filters, norm = Filters(4, 6, side, stride), nn.BatchNorm2d(6).eval()
    norm.running_var.uniform_(0.1, 3)
    norm.running_mean.normal_()
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    x = torch.randn(2, 4, 8, 8)
    made = folded_filters(filters, norm, torch.float32)(x)
    torch.testing.assert_close(made, norm(filters(x)), rtol=1e-5, atol=1e-5)
