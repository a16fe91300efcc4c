from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.itq import ITQ
from core.hashing.packing import unpack
from core.hashing.pca_rotation import PcaRotation
from core.hashing.pca_sign import principal_components


def features(count=400, dimensions=20, seed=0):
    generator = np.random.default_rng(seed)
    return (generator.normal(size=(count, dimensions)) * 1.3 ** -np.arange(dimensions) + 2).astype(np.float32)


def test_it_is_where_itq_starts_from():
    X = features()
    assert np.array_equal(PcaRotation(12, 3).fit(X).projection, ITQ(12, 3, iterations=0).fit(X).projection)


def test_distances_among_components_are_kept_and_their_variance_is_spread():
    X = features()
    mean, axes = principal_components(X, 12)
    values, turned = (X - mean) @ axes, PcaRotation(12).fit(X).project(X)
    assert np.allclose(np.linalg.norm(values, axis=1), np.linalg.norm(turned, axis=1), atol=1e-5)
    assert (
        turned.var(axis=0).max() / turned.var(axis=0).min() < 0.1 * values.var(axis=0).max() / values.var(axis=0).min()
    )


def test_bits_seed_and_state():
    X = features()
    method = PcaRotation(12).fit(X)
    assert np.array_equal(unpack(method.encode(X), 12), method.project(X) > 0)
    assert np.array_equal(PcaRotation.from_state(method.state()).encode(X), method.encode(X))
    assert np.array_equal(PcaRotation(12).fit(X).encode(X), method.encode(X))
    assert not np.array_equal(PcaRotation(12, 1).fit(X).encode(X), method.encode(X))


def test_refusals_name_the_method():
    with pytest.raises(BadInput, match=r"24 bits from 20 dimensions: pca-rotation.*random-hyperplane"):
        PcaRotation(24).fit(features())
    with pytest.raises(BadInput, match="constant: pca-rotation"):
        PcaRotation(2).fit(np.ones((9, 4), np.float32))
