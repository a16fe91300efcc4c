import pytest
import torch

from core.encoders.networks.registry import make_network
from core.encoders.weights import load_network, to_bytes
from core.errors import BadInput


@pytest.mark.parametrize("encoder", ["semantic", "classifier", "source", "contrastive"])
def test_weights_survive_the_file_to_half_precision(small_recipe, tmp_path, encoder):
    recipe = small_recipe(encoder, depth=3)
    network = make_network(recipe, torch.eye(5)).eval()
    path = tmp_path / "network.safetensors"
    path.write_bytes(to_bytes(network, recipe, (5, 5)))
    loaded = load_network(path)
    assert loaded.recipe == recipe
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, network.state_dict()[name].half().float() if value.is_floating_point() else value)
    assert not loaded.training


@pytest.mark.parametrize("content", [b"{}", b"", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_file_that_holds_no_weights_is_one_clear_line(tmp_path, content):
    path = tmp_path / "network.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"network\.safetensors.*train command") as error:
        load_network(path)
    assert "\n" not in str(error.value)
