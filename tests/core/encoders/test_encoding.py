import numpy as np
import pytest
import torch

from core.encoders.encoding import encode_images
from core.encoders.networks.registry import make_network


@pytest.fixture(scope="module", params=["semantic", "classifier", "source", "contrastive"])
def network(request, small_recipe):
    torch.manual_seed(0)
    return make_network(small_recipe(request.param), torch.eye(5)).eval()


def test_what_is_encoded_does_not_depend_on_the_batch(network):
    images = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)
    whole, parts = encode_images(network, images), encode_images(network, images, batch_size=2)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(whole.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert whole.latent.shape == (7, 8 if network.recipe.network in ("semantic", "source") else 0)
    if network.recipe.network != "classifier":
        np.testing.assert_allclose(np.linalg.norm(whole.embeddings, axis=1), 1, rtol=1e-5)


def test_what_is_encoded_does_not_depend_on_the_threads(network):
    images = np.random.default_rng(2).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    before, encoded = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            encoded += [encode_images(network, images, 40, flip) for flip in (False, True)]
    finally:
        torch.set_num_threads(before)
    for one, other in ((0, 2), (0, 4), (1, 3), (1, 5)):
        for values, others in zip(encoded[one], encoded[other], strict=True):
            np.testing.assert_allclose(values, others, atol=1e-5)


def test_with_flip_an_image_and_its_mirror_image_are_one(network):
    images = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    flipped = encode_images(network, images, flip=True)
    mirrored = encode_images(network, images[:, :, ::-1], flip=True)
    for one, other in zip(flipped, mirrored, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
