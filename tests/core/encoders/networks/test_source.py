from dataclasses import replace

import numpy as np
import pytest
import torch

from core.encoders.encoding import encode_images
from core.encoders.networks.registry import make_network
from core.encoders.networks.source import FEATURES, SourceHead
from core.encoders.recipes.registry import get_recipe
from core.encoders.training import train
from core.encoders.weights import load_network, to_bytes


def test_the_head_is_sigmoid_units_and_one_linear_map():
    torch.manual_seed(0)
    head = SourceHead(5, 3, torch.eye(4))
    features = torch.randn(2, 5)
    encoded = head(features)
    expected = torch.sigmoid(features @ head.hidden.weight.T + head.hidden.bias) @ head.project.weight.T
    expected = expected + head.project.bias
    assert torch.allclose(encoded.embedding, expected / expected.norm(dim=1, keepdim=True), atol=1e-6)
    assert torch.equal(encoded.latent > 0, torch.sigmoid(encoded.latent) > 0.5)


def test_the_loss_is_one_minus_the_cosine():
    vectors = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    head = SourceHead(5, 3, vectors)
    encoded = head(torch.randn(2, 5))._replace(embedding=torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    assert head.loss(encoded, torch.tensor([1, 1])).item() == pytest.approx(1 - (0.8 + 0.6) / 2)


@pytest.mark.slow
def test_alexnet_as_published_has_57_million_weights_and_reads_small_images():
    network = make_network(get_recipe("source-alexnet"), torch.eye(100)).eval()
    assert network.head.hidden.weight.shape == (48, FEATURES)
    # torchvision's AlexNet, less its last layer, and the head.
    assert network.weight_count == 61_100_840 - (4096 * 1000 + 1000) + (4096 * 48 + 48) + (48 * 100 + 100)
    encoded = network(torch.rand(2, 3, 32, 32))
    assert encoded.embedding.shape == (2, 100)
    assert encoded.latent.shape == (2, 48)
    assert network.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])


@pytest.mark.slow
def test_alexnet_trains_and_its_weights_are_kept(data, tmp_path):
    few = replace(data, images=data.images[:8], labels=data.labels[:8])
    recipe = get_recipe("source-alexnet", ["epochs=1", "batch_size=4"])
    network = train(recipe, few, tmp_path, seed=0)
    (tmp_path / "weights.safetensors").write_bytes(to_bytes(network, recipe, (5, 5)))
    images = data.images[:2]
    loaded = encode_images(load_network(tmp_path / "weights.safetensors"), images)
    assert np.abs(loaded.embeddings - encode_images(network, images).embeddings).max() < 0.01
