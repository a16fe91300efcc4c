import pytest
import torch

from core.encoders.networks.base import Encoded
from core.encoders.networks.semantic import SemanticNetwork


@pytest.fixture
def vectors():
    return torch.tensor([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])


def test_the_embedding_is_the_expected_class_vector(small_recipe, vectors):
    torch.manual_seed(0)
    network = SemanticNetwork(small_recipe(temperature=0.5), vectors).eval()
    encoded = network(torch.rand(4, 3, 32, 32))
    shares = torch.softmax(2 * encoded.logits, dim=1)
    expected = shares[:, :1] * vectors[0] + shares[:, 1:2] * vectors[1] + shares[:, 2:] * vectors[2]
    assert torch.allclose(encoded.embedding, expected / expected.norm(dim=1, keepdim=True), atol=1e-6)
    assert encoded.latent.shape == (4, 8)


def test_the_loss_by_hand(small_recipe, vectors):
    network = SemanticNetwork(small_recipe(cosine_weight=2.0, label_smoothing=0.0), vectors)
    logits = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    encoded = Encoded(vectors[:2], logits, torch.zeros(2, 8))
    labels = torch.tensor([0, 0])
    # Cross-entropy log 3; cosines 1 and .6; codes alike, and one neighbour each: no choice, so a loss of 0.
    assert network.loss(encoded, labels).item() == pytest.approx(1.0986 + 2.0 * 0.2, abs=1e-4)


def test_the_code_does_not_bend_the_embedding(small_recipe, vectors):
    torch.manual_seed(0)
    network = SemanticNetwork(small_recipe(), vectors)
    encoded = network(torch.rand(6, 3, 32, 32))
    network.own_code.loss(encoded.latent, encoded.embedding.detach()).backward()
    assert network.classify.weight.grad is None
    assert all(weight.grad is not None for weight in network.own_code.parameters())
