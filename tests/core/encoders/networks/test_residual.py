import pytest
import torch

from core.encoders.networks.residual import STEM, Block, Gate, ResidualTrunk


def test_groups_halve_the_picture_and_features_are_as_wide_as_the_last():
    trunk = ResidualTrunk((4, 6, 10), (1, 2, 3))
    assert [(block.enter.channels_in, block.enter.weight.shape[0], block.stride) for block in trunk.blocks] == [
        (STEM, 4, 1), (4, 6, 2), (6, 6, 1), (6, 10, 2), (10, 10, 1), (10, 10, 1)
    ]  # fmt: skip
    inside = trunk.stem(torch.rand(2, 3, 32, 32))
    sides = []
    for block in trunk.blocks:
        inside = block(inside)
        sides.append(inside.shape[-1])
    assert sides == [32, 16, 16, 8, 8, 8]
    assert trunk(torch.rand(2, 3, 32, 32)).shape == (2, trunk.features) == (2, 10)


def test_a_gate_scales_whole_channels_by_shares():
    torch.manual_seed(0)
    gate = Gate(6)
    x = torch.rand(3, 6, 4, 4) + 0.1
    shares = gate(x) / x
    assert torch.allclose(shares, shares[:, :, :1, :1].expand_as(shares), atol=1e-6)
    assert shares.min() > 0
    assert shares.max() < 1


@pytest.mark.parametrize(("channels", "stride", "projected"), [(4, 1, False), (6, 1, True), (4, 2, True)])
def test_the_path_beside_is_projected_only_where_shapes_differ(channels, stride, projected):
    block = Block(4, channels, stride)
    assert (block.project is not None) == projected
    assert block(torch.rand(2, 4, 8, 8)).shape == (2, channels, 8 // stride, 8 // stride)


def test_a_block_without_its_convolutions_passes_the_input_on():
    block = Block(4, 4, 1).eval()
    torch.nn.init.zeros_(block.leave_norm.weight)
    x = torch.randn(2, 4, 8, 8)
    assert torch.allclose(block(x), torch.nn.functional.silu(x), atol=1e-6)
