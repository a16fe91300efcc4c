from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.errors import BadInput
from core.hashing.dominance import draw_frequencies
from core.hashing.fourier_hashnet import FourierHashNet, waves
from core.hashing.fourier_training import _Maps, relevance_loss
from tests.core.hashing.class_data import class_data, fitted
from tests.core.hashing.fourier_maps import gallery_map, query_map


def test_relevance_loss_by_hand():
    cosine = torch.tensor([[1.0, 0.5, -0.5], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    same = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    # Chances of the pairs of one class 3/4 both; of the others to be apart 3/4, 1/2, 1/2, 1/2.
    alike, apart = -math.log(3 / 4), -(math.log(3 / 4) + 3 * math.log(1 / 2)) / 4
    assert relevance_loss(cosine, same).item() == pytest.approx((alike + apart) / 2)


def test_a_wrong_pair_at_cosine_one_has_a_finite_loss():
    found = relevance_loss(torch.ones(2, 2), torch.eye(2)).item()
    assert found == pytest.approx(-math.log(1e-6), rel=1e-2)


def test_waves():
    found = waves(np.array([[0.5, 1.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    angles = np.array([0.5, 1.0, 3.0, 4.0])
    np.testing.assert_allclose(found[0], [*np.cos(angles), *np.sin(angles)])


def test_folded_maps_give_the_trained_values():
    generator = np.random.default_rng(0)
    frequencies = draw_frequencies(3, 2, generator)
    maps = _Maps(frequencies, 5, generator)
    with torch.no_grad():
        for bias in maps.bias.values():
            bias.uniform_(-1, 1)
    X = generator.uniform(-1, 1, (10, 3))
    arrays = maps.folded()
    for side, make in (("queries", query_map), ("gallery", gallery_map)):
        linear, bias = maps.linear[side].detach().numpy(), maps.bias[side].detach().numpy()
        wanted = make(X, frequencies) @ linear + bias
        found = waves(X, frequencies) @ arrays[side] + arrays[f"{side}_bias"]
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        unit = wanted / np.linalg.norm(wanted, axis=1, keepdims=True)
        trained = maps(maps.waves(torch.from_numpy(X.astype(np.float32))), side)
        np.testing.assert_allclose(trained.detach().numpy(), unit, atol=1e-4)


def test_queries_and_items_have_codes_of_their_own():
    X, _ = class_data(200)
    method = fitted("fourier-hashnet", 16, steps=30)
    assert (np.sign(method.project(X)) != np.sign(method.project_queries(X))).any()


def test_maps_that_do_not_fit_the_frequencies_are_refused():
    state = fitted("fourier-hashnet", 8, steps=2).state()
    with pytest.raises(BadInput, match="do not fit its frequencies"):
        FourierHashNet.from_state({**state, "frequencies": state["frequencies"][:, :-1]})
