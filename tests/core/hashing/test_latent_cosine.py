from __future__ import annotations

import numpy as np
import pytest
import torch

from core.hashing.latent_cosine import class_vectors, cosine_loss


def test_loss_by_hand():
    found = torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, -3.0]])
    wanted = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert cosine_loss(found, wanted).item() == pytest.approx((0 + (1 - 0.5**0.5) + 2) / 3, abs=1e-6)


def test_gradient():
    found = torch.tensor([[0.3, -0.2], [1.0, 0.5]], dtype=torch.float64, requires_grad=True)
    wanted = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: cosine_loss(x, wanted), (found,))


def test_class_vectors_have_the_similarities():
    similarity = np.array([[1, 0.5, 0], [0.5, 1, 0.25], [0, 0.25, 1]])
    vectors = class_vectors(similarity)
    np.testing.assert_allclose(vectors @ vectors.T, similarity, atol=1e-12)
    impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1.0]])  # no vectors have these
    assert np.isfinite(class_vectors(impossible)).all()
