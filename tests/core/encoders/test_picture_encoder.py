"""An encoder trained here, on a person's pictures: as the shipped embeddings are made, but for the mirror image."""

import sys

import numpy as np
import pytest
import torch

from core.bundle.bundle import load_bundle
from core.encoders.encoding import encode_images
from core.encoders.names import FIXED
from core.encoders.networks.registry import make_network
from core.encoders.opened import ready_to_encode
from core.encoders.picture_encoder import FixedEncoder, open_encoder
from core.encoders.recipes.registry import get_recipe
from core.encoders.weights import load_network, to_bytes
from core.errors import BadInput
from core.pictures.file import as_encoder_sees


@pytest.fixture(scope="module")
def run_weights(tmp_path_factory):
    recipe = get_recipe("semantic", ["widths=8,8,8"])
    torch.manual_seed(0)
    network = make_network(recipe, torch.eye(10))
    path = tmp_path_factory.mktemp("run") / "weights.safetensors"
    path.write_bytes(to_bytes(network, recipe, (10, 10)))
    return path


def test_weights_of_a_run(run_weights):
    encoder = open_encoder("semantic", run_weights)
    picture = np.random.default_rng(0).integers(0, 256, (80, 50, 3), dtype=np.uint8)
    network, seen = load_network(run_weights), as_encoder_sees(picture)[None]
    wanted = encode_images(ready_to_encode(network, fast=True), seen, fast=True).embeddings
    assert np.array_equal(encoder.encode_pictures([picture]), wanted)
    mirrored = open_encoder("semantic", run_weights, mirrored=True).encode_pictures([picture])
    exact = encode_images(network, seen, flip=True).embeddings  # as CIFAR's are: float32
    np.testing.assert_allclose(mirrored, exact, atol=1e-5)


def test_the_weights_must_be_the_encoders(run_weights, tiny_bundle):
    with pytest.raises(BadInput, match="are of encoder 'semantic', not 'classifier'"):
        open_encoder("classifier", run_weights)
    with pytest.raises(BadInput, match=r"no weights of encoder 'semantic'.*name its weights.safetensors$"):
        open_encoder("semantic", None, tiny_bundle)
    with pytest.raises(BadInput, match="no weights of encoder 'source'"):
        open_encoder("source")


@pytest.mark.parametrize("name", ["semantic", "source"])
def test_shipped_weights_give_the_shipped_dimensions(name):
    bundle = load_bundle()
    if name not in bundle.encoders or bundle.weights_path(name) is None:
        pytest.skip(f"no weights of {name} are shipped")
    vectors = open_encoder(name, None, bundle).encode_pictures([np.zeros((40, 40, 3), dtype=np.uint8)])
    assert vectors.shape == (1, bundle.encoder_info(name)["dimensions"])


class Brightness(FixedEncoder):
    name = "brightness"

    def vectors(self, pictures):
        assert pictures.shape[1:] == (32, 32, 3)
        return 1 + pictures.mean(axis=(1, 2, 3))[:, None]


def test_a_function_of_the_pixels_is_an_encoder(monkeypatch):
    monkeypatch.setitem(FIXED, "brightness", __name__)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    monkeypatch.setattr(sys.modules[__name__], "ENCODER", Brightness, raising=False)
    encoder = open_encoder("brightness")
    grey = np.full((50, 40, 3), 7, np.uint8)
    assert encoder.encode_pictures([grey, grey + 3]).tolist() == [[8.0], [11.0]]
    described = encoder.describe([encoder.prepare(grey)])
    assert described.probabilities.shape == described.latent.shape == (1, 0)
    assert encoder.seen(encoder.prepare(grey)).shape == (32, 32, 3)
    assert encoder.key.startswith("brightness ")
    with pytest.raises(BadInput, match="'brightness' is a function without weights: name no file of them"):
        open_encoder("brightness", "weights.safetensors")
