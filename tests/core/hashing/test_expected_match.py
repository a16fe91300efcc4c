from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.hashing.expected_match import match_loss, sign_cosine
from core.hashing.packing import unpack
from tests.core.hashing.class_data import class_data, fitted


def test_cosine_of_signs_with_the_gradient_of_tanh():
    values = torch.tensor([[2.0, -0.5], [1.0, 3.0], [0.0, -1.0]], requires_grad=True)
    found = sign_cosine(values)
    np.testing.assert_allclose(found.detach(), [[1, 0, 0], [0, 1, -1], [0, -1, 1]])  # 0 is no set bit
    found[0, 1].backward()
    # d(h_0 . h_1 / 2) by the values of row 0: the signs of row 1 times the slope of tanh.
    slopes = 1.0 - np.tanh([2.0, -0.5]) ** 2
    np.testing.assert_allclose(values.grad[0], slopes / 2, rtol=1e-6)


def test_loss_of_pairs_by_hand():
    logits = torch.tensor([[9.0, 1.0, 0.0], [1.0, 9.0, -2.0], [0.0, -2.0, 9.0]])
    match = torch.tensor([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])

    def softplus(t):
        return math.log1p(math.exp(t))

    # Six ordered pairs, matches sum to 1: with power 1/2 a match weighs sqrt(6). The diagonal has no part.
    for power, weight in ((0.0, 1.0), (0.5, math.sqrt(6))):
        sums = 2 * (weight * 0.5 * softplus(-1) + 0.5 * softplus(1) + softplus(0) + softplus(-2))
        assert match_loss(logits, match, power).item() == pytest.approx(sums / weight, rel=1e-6)


def test_loss_is_least_at_the_logit_of_the_match():
    match = torch.full((2, 2), 0.2)
    losses = [match_loss(torch.full((2, 2), t), match, 0.0).item() for t in (-2.0, math.log(0.2 / 0.8), -0.8)]
    assert losses[1] == min(losses)


def test_no_match_in_a_batch_gives_a_finite_loss():
    assert math.isfinite(match_loss(torch.zeros(3, 3), torch.eye(3), 0.25).item())


def test_unsure_images_lie_far_from_sure_ones():
    X, y = class_data()
    method = fitted("expected-match", 48)
    means = np.array([X[y == c].mean(axis=0) for c in range(20)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    between = means[:10] + means[10:]  # each between two classes of other groups
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    sure, unsure = (unpack(method.encode(rows.astype(np.float32)), 48) for rows in (means, between))
    own = np.array([(bits != sure).sum(axis=1).min() for bits in unsure])
    within = np.array([(unpack(method.encode(X[y == c]), 48) != sure[c]).sum(axis=1).mean() for c in range(20)])
    assert own.mean() > within.mean() + 2
