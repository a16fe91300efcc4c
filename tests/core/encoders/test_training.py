import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.encoders.networks import SemanticNetwork
from core.encoders.recipes import RECIPES, Recipe, get_recipe
from core.encoders.training import TrainingData, encode_images, learning_rate, train
from core.encoders.weights import load_network, to_bytes
from core.errors import BadInput

RECIPE = Recipe(encoder="semantic", epochs=2, batch_size=16, width=4, bits=8, dimensions=5)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 16)
    images = rng.integers(0, 60, (80, 32, 32, 3), dtype=np.uint8)
    images += (labels * 40)[:, None, None, None].astype(np.uint8)
    return TrainingData(images[::2], labels[::2], images[1::2], labels[1::2], np.eye(5))


def _weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_run_that_was_stopped_goes_on_exactly(data, tmp_path, monkeypatch):
    whole = _weights(train(RECIPE, data, tmp_path / "whole", seed=3))

    from core.encoders import training

    real, done = training._train_epoch, []

    def stop_after_one(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return real(*arguments)

    monkeypatch.setattr(training, "_train_epoch", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, data, tmp_path / "stopped", seed=3)
    monkeypatch.setattr(training, "_train_epoch", real)
    resumed = _weights(train(RECIPE, data, tmp_path / "stopped", seed=3))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    with (tmp_path / "stopped" / "log.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]


def test_training_lowers_the_loss_and_draws_embeddings_to_their_class_vectors(data, tmp_path):
    train(replace(RECIPE, epochs=12, peak_learning_rate=0.1), data, tmp_path, seed=0)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < 0.8 * float(rows[0]["loss"])
    assert float(rows[-1]["held_out_cosine"]) > float(rows[0]["held_out_cosine"]) + 0.1


@pytest.mark.parametrize("change", [{"seed": 1}, {"recipe": replace(RECIPE, shift=1)}])
def test_a_checkpoint_of_another_recipe_or_seed_is_refused_and_kept(data, tmp_path, change):
    train(RECIPE, data, tmp_path, seed=0)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(BadInput, match="another recipe or seed"):
        train(change.get("recipe", RECIPE), data, tmp_path, seed=change.get("seed", 0))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_an_altered_checkpoint_is_one_clear_line(data, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(BadInput, match=r"checkpoint\.pt"):
        train(RECIPE, data, tmp_path, seed=0)


def test_learning_rate_rises_then_falls_to_zero():
    rates = [learning_rate(RECIPE, step, 100) for step in range(101)]
    assert rates[0] == 0
    assert rates[20] == pytest.approx(RECIPE.peak_learning_rate)
    assert rates[100] == 0
    assert np.argmax(rates) == 20


def test_encoded_embeddings_are_unit_and_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    network = SemanticNetwork(4, 8, 5, 5).eval()
    images = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)
    embeddings, latent, logits = encode_images(network, images)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)
    assert latent.shape == (7, 8)
    assert logits.shape == (7, 5)
    np.testing.assert_allclose(encode_images(network, images, batch_size=2)[0], embeddings, atol=1e-5)
    flipped = encode_images(network, images, flip=True)[0]
    np.testing.assert_allclose(encode_images(network, images[:, :, ::-1], flip=True)[0], flipped, atol=1e-5)


def test_weights_survive_the_file_to_half_precision(tmp_path):
    network = SemanticNetwork(4, 8, 5, 5).eval()
    path = tmp_path / "network.safetensors"
    path.write_bytes(to_bytes(network))
    for name, value in load_network(path).state_dict().items():
        assert torch.equal(value, network.state_dict()[name].half().float() if value.is_floating_point() else value)


def test_a_file_that_holds_no_weights_is_one_clear_line(tmp_path):
    path = tmp_path / "network.safetensors"
    path.write_bytes(b"{}")
    with pytest.raises(BadInput, match=r"network\.safetensors"):
        load_network(path)


def test_unknown_recipe():
    assert get_recipe("semantic") is RECIPES["semantic"]
    with pytest.raises(BadInput, match="semantics"):
        get_recipe("semantics")
