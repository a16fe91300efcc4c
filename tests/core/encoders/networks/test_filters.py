import pytest
import torch
from torch.nn import functional

from core.encoders.networks.filters import Filters


def test_filters_start_by_passing_the_input_on():
    filters = Filters(3, 5)
    images = torch.rand(2, 3, 8, 8)
    assert torch.allclose(filters(images)[:, :3], images, atol=1e-6)


@pytest.mark.parametrize(("side", "stride", "shape"), [(1, 1, (8, 8)), (3, 1, (8, 8)), (3, 2, (4, 4))])
def test_they_are_a_convolution_with_its_weights_in_rows(side, stride, shape):
    torch.manual_seed(0)
    filters = Filters(3, 5, side, stride)
    images = torch.rand(2, 3, 8, 8)
    assert filters.weight.shape == (5, 3 * side * side)
    assert filters(images).shape == (2, 5, *shape)
    weight = filters.weight.reshape(5, 3, side, side)
    assert torch.equal(filters(images), functional.conv2d(images, weight, stride=stride, padding=side // 2))
