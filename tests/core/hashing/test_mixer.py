from __future__ import annotations

import numpy as np
import pytest
import torch

from core.hashing import mixer as mixer_module
from core.hashing.mixer import Mixer, Shares, mixed, nearest_shares, unmixing
from core.hashing.mixture import Mixture

# Four unit rows of four classes, seen from a mean that is not at the origin.
ROWS = torch.eye(4)
ORIGIN = torch.tensor([0.1, 0.2, 0.3, 0.4])
CLASSES = torch.arange(4)


def mix(mixture, rows=ROWS, targets=CLASSES, seed=0):
    shown, shares = mixed(rows - ORIGIN, targets, 4, ORIGIN, mixture, np.random.default_rng(seed))
    return shown + ORIGIN, shares


@pytest.mark.parametrize("partners", [1, 2, 3])
def test_a_mixture_lies_between_its_rows_by_their_shares_at_their_length(partners):
    rows, shares = mix(Mixture(partners=partners, decades=0.0, most=0.5))
    np.testing.assert_allclose(shares.sum(dim=1), 1, atol=1e-6)
    np.testing.assert_allclose(shares.diagonal(), 0.5, atol=1e-6)  # an image keeps all but `most`
    assert ((shares > 0).sum(dim=1) == partners + 1).all()
    np.testing.assert_allclose(rows.norm(dim=1), 1, atol=1e-5)
    # The rows are the axes, so that a mixture has its shares as coordinates, up to its length.
    np.testing.assert_allclose(rows, shares / shares.norm(dim=1, keepdim=True), atol=1e-5)


def test_others_have_a_share_of_every_degree():
    generator = np.random.default_rng(0)
    rows = torch.from_numpy(generator.standard_normal((2000, 6)).astype(np.float32))
    targets = torch.arange(2000) % 4
    _, shares = mixed(rows, targets, 4, torch.zeros(6), Mixture(most=0.8, decades=2.0), generator)
    degrees = np.log10(1.0 - shares[torch.arange(2000), targets].numpy())
    assert degrees.min() > np.log10(0.8) - 2.01
    assert degrees.max() < np.log10(0.8) + 0.01
    assert np.mean(degrees < np.log10(0.8) - 1.0) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("reach", "least", "most"), [(0.0, 0.2, 0.5), (20.0, 0.95, 1.0)])
def test_alike_images_are_partners_the_more_often_the_greater_the_reach(reach, least, most):
    # Rows of classes 0 and 1 are alike, those of 2 and 3 lie elsewhere.
    rows = torch.tensor([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.5], [-0.5, -1.0]]).repeat(50, 1)
    targets = torch.arange(4).repeat(50)
    mixture = Mixture(partners=1, reach=reach, decades=0.0)
    _, shares = mixed(rows, targets, 4, torch.zeros(2), mixture, np.random.default_rng(0))
    found = float((shares[targets == 0][:, 1] > 0).float().mean())
    assert least <= found <= most


def test_a_mixture_depends_on_the_generator_alone():
    first, again, other = (mix(Mixture(), seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_shares_of_class_means_are_found_again():
    generator = np.random.default_rng(0)
    X = np.repeat(generator.normal(size=(4, 9)), 5, axis=0)
    labels = np.repeat(np.arange(4), 5)
    wanted = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.1, 0.2, 0.3, 0.4]])
    means = np.stack([X[labels == c].mean(axis=0) for c in range(4)])
    solved = unmixing(X, labels, 4)
    np.testing.assert_allclose(nearest_shares(X, solved), np.eye(4)[labels], atol=0.01)
    np.testing.assert_allclose(nearest_shares(3 * wanted @ means, solved), wanted, atol=0.01)


def test_class_means_of_0_tell_nothing():
    X = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]] * 8, np.float32)
    shares = Shares.fit(X, np.array([0, 0, 1, 1] * 8), 2)
    np.testing.assert_allclose(shares(X), 0.5)


def test_chances_are_the_same_in_parts(monkeypatch):
    generator = np.random.default_rng(0)
    features, targets = torch.from_numpy(generator.normal(size=(50, 5)).astype(np.float32)), torch.arange(50) % 4
    asked = (features, targets, 4, torch.zeros(5), Mixture(), generator)
    whole = Mixer.make(*asked)
    monkeypatch.setattr(mixer_module, "ROWS", 7)
    np.testing.assert_allclose(Mixer.make(*asked).chances, whole.chances)


def test_unsure_rows_are_drawn_as_they_are():
    # Three rows of class 0 and three of class 1 on the axes, one of class 1 between them.
    features = torch.tensor([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3 + [[0.6, 0.6]])
    targets = torch.tensor([0, 0, 0, 1, 1, 1, 1])
    mixer = Mixer.make(features, targets, 2, torch.zeros(2), Mixture(unsure=0.5), np.random.default_rng(0))
    assert int(np.square(mixer.shares(features.numpy())).sum(axis=1).argmin()) == 6
    shown, shares = mixer(torch.arange(6))
    assert (shown.shape, shares.shape) == ((6, 2), (6, 2))
    many = torch.cat([mixer(torch.arange(6))[0][:3] for _ in range(100)])
    assert float((many == features[6]).all(dim=1).float().mean()) > 0.8
    np.testing.assert_allclose(mixer(torch.arange(6))[1].sum(dim=1), 1, atol=1e-5)
