from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.hashing.head import LearnedHash
from core.hashing.head_training import Head, alike_of_other_classes, batches, classifier, cosine_rate, weights
from core.hashing.training_plan import Objective, Training
from tests.core.hashing.class_data import class_data


def test_batches_show_every_row_once_an_epoch():
    training = Training(epochs=3, batch=10, least_steps=1)
    parts = list(batches(40, training, np.random.default_rng(0)))
    assert len(parts) == 12
    for epoch in range(3):
        rows = np.concatenate([rows for rows, _ in parts[4 * epoch : 4 * epoch + 4]])
        assert sorted(rows) == list(range(40))
    assert [share for _, share in parts] == pytest.approx([step / 12 for step in range(12)])


@pytest.mark.parametrize(("count", "size", "steps"), [(2, 2, 50), (63, 16, 51), (105, 26, 52)])
def test_few_rows_get_small_batches_and_more_epochs(count, size, steps):
    parts = list(batches(count, Training(epochs=1, batch=256, least_steps=50), np.random.default_rng(0)))
    assert {len(rows) for rows, _ in parts} == {size}
    assert len(parts) == steps


def test_rate_rises_and_falls_to_nothing():
    assert cosine_rate(0.0) == pytest.approx(0.05)
    assert cosine_rate(0.5) == pytest.approx(0.5)
    assert cosine_rate(1.0) == pytest.approx(0.0)
    rates = [cosine_rate(share) for share in np.linspace(0.06, 1, 50)]
    assert rates == sorted(rates, reverse=True)


def test_weights_start_within_their_bound():
    drawn = weights(np.random.default_rng(0), 100, 50).detach().numpy()
    assert np.abs(drawn).max() <= 0.1
    assert drawn.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.05)
    weight, bias = classifier(np.random.default_rng(0), 8, 5)
    assert (weight.shape, bias.tolist()) == ((8, 5), [0.0] * 5)


@pytest.mark.parametrize("output_norm", [False, True])
def test_folded_weights_give_the_networks_values(output_norm):
    generator = np.random.default_rng(0)
    head = Head(6, 5, Training(hidden=7, output_norm=output_norm), generator)
    X = torch.from_numpy(generator.normal(size=(50, 6)).astype(np.float32))
    for _ in range(30):
        head(3 * X + 1)  # moves the statistics
    with torch.no_grad():
        for norm in (head.hidden_norm, head.output_norm):
            if norm is not None:
                norm.weight.uniform_(0.5, 2)
                norm.bias.uniform_(-1, 1)
    head.eval()
    arrays = head.folded()
    values = np.maximum(X.numpy() @ arrays["hidden"] + arrays["hidden_bias"], 0) @ arrays["output"]
    np.testing.assert_allclose(values + arrays["output_bias"], head(X).detach().numpy(), atol=1e-4)


class Mean(LearnedHash):
    """Draws each value to the label's number; learns an offset besides."""

    name = "mean"

    def objective(self, task):
        self.offset = torch.nn.Parameter(torch.zeros(1))
        self.shares = []

        def loss(values, labels, share):
            self.shares.append(share)
            return (values[:, 0] + self.offset - labels).square().mean()

        return Objective(loss, [self.offset])


def test_training_lowers_the_loss_and_moves_what_is_learned_beside_the_head():
    X, y = class_data(400)
    y = y % 2
    method = Mean(1)
    method.training = Training(epochs=1, least_steps=150, rate=1e-2)
    method.fit(X, y)
    found = method.project(X)[:, 0] + method.offset.item()
    assert np.mean((found - y) ** 2) < 0.5 * np.var(y)
    assert method.offset.item() != 0
    assert method.shares[0] == 0
    assert 0.98 < method.shares[-1] < 1


def test_statistics_are_those_of_all_rows_under_the_last_weights():
    X, y = class_data(400)
    method = Mean(3)
    method.training = Training(epochs=1, least_steps=20, output_norm=True)
    method.fit(X, y)
    np.testing.assert_allclose(method.project(X).mean(axis=0), 0, atol=0.05)  # the normalisation's bias is still small


def test_noise_and_means_of_two_images_take_part():
    X, y = class_data(400)
    plain = Training(epochs=3, least_steps=1)  # 4 steps an epoch
    states = []
    for training in (plain, replace(plain, noise=0.5), replace(plain, mix=1.0)):
        method = Mean(2)
        method.training = training
        states.append(method.fit(X, y).state()["hidden"])
    assert not np.array_equal(states[0], states[1])
    assert not np.array_equal(states[0], states[2])
    assert len(method.shares) == 2 * 12  # each step with the losses of both images


def test_weight_decay_shrinks_the_matrices():
    X, y = class_data(400)
    sizes = []
    for decay in (0.0, 30.0):
        method = Mean(2)
        method.training = Training(epochs=1, least_steps=100, weight_decay=decay)
        sizes.append(np.abs(method.fit(X, y).state()["output"]).mean())
    assert sizes[1] < 0.8 * sizes[0]


def test_partners_are_the_most_alike_of_other_classes():
    # Unit rows at 0, 10, 20, 90 and 95 degrees, of classes 0, 0, 1, 1, 2.
    angles = torch.deg2rad(torch.tensor([0.0, 10.0, 20.0, 90.0, 95.0]))
    features = torch.stack([angles.cos(), angles.sin()], dim=1)
    targets = torch.tensor([0, 0, 1, 1, 2])
    found = alike_of_other_classes(features, targets, np.random.default_rng(0), among=1)
    assert found.tolist() == [2, 2, 1, 4, 3]
    drawn = {tuple(alike_of_other_classes(features, targets, np.random.default_rng(s), 2).tolist()) for s in range(40)}
    assert {row[0] for row in drawn} == {2, 3}
    assert {row[4] for row in drawn} == {3, 2}
