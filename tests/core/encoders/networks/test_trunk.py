import pytest
import torch

from core.encoders.networks.trunk import PATCH, Trunk


@pytest.mark.parametrize(("depth", "side"), [(2, 32), (3, 32), (2, 64)])
def test_features_are_as_wide_as_the_last_group(depth, side):
    trunk = Trunk((4, 6, 10), depth)
    assert trunk(torch.rand(2, 3, side, side)).shape == (2, 10)
    assert trunk.features == 10
    assert len(trunk.filters()) == 3 * depth


def test_prepared_filters_whiten_patches():
    torch.manual_seed(0)
    images = torch.randn(200, 3, 12, 12).cumsum(dim=2).cumsum(dim=3) / 5  # neighbours are alike
    trunk = Trunk((4, 4, 4), 2)
    trunk.prepare(images)
    answers = trunk.whiten(images).permute(0, 2, 3, 1).reshape(-1, 24)[:, :12]
    moments = (answers.T @ answers / len(answers)).detach()
    assert moments.diagonal().min() > 0.5
    assert moments.diagonal().max() == pytest.approx(1, abs=0.01)
    off = moments - torch.diag(moments.diagonal())
    assert off.abs().max() < 0.01
    assert torch.equal(trunk.whiten.weight[:12], -trunk.whiten.weight[12:])
    assert PATCH == 2
