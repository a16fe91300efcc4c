from __future__ import annotations

import faiss
import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.packing import unpack
from core.hashing.rabitq import RaBitQ, rabitq_bits, signed_items
from core.search.estimate import rank_estimate


def features(count=500, dimensions=24, seed=0):
    return (np.random.default_rng(seed).normal(size=(count, dimensions)) + 0.5).astype(np.float32)


def fitted(X):
    return RaBitQ(rabitq_bits(X.shape[1])).fit(X)


def test_length():
    assert [rabitq_bits(d) for d in (1, 8, 9, 100, 128)] == [72, 72, 80, 168, 192]
    assert faiss.IndexRaBitQ(100).code_size * 8 == rabitq_bits(100)


def test_a_code_by_hand():
    method = RaBitQ.from_state({"mean": np.array([1, 0, 0], np.float32), "rotation": np.eye(3, dtype=np.float32)})
    code = method.encode(np.array([[4, -1, 2], [1, 0, 0]], np.float32))  # residuals (3, -1, 2) and 0
    assert code.shape == (2, 9)
    assert [f"{row[0]:08b}" for row in code] == ["10100000", "00000000"]
    items = signed_items(code)
    assert items.squares.tolist() == [14, 0]
    assert items.factors.tolist() == [pytest.approx(14 / 6), 0]


def test_signs_rotation_and_distances():
    X = features()
    method = fitted(X)
    residuals = method.project(X)
    assert np.array_equal(unpack(method.encode(X)[:, :3], 24), residuals > 0)
    assert np.allclose(method.projection.T @ method.projection, np.eye(24), atol=1e-5)
    assert np.allclose(np.linalg.norm(residuals, axis=1), np.linalg.norm(X - X.mean(axis=0), axis=1), rtol=1e-4)


def test_distances_are_faiss_s():
    X, Q = features(), features(7, seed=1)
    method = fitted(X)
    residuals = method.project(X)
    index = faiss.IndexRaBitQ(24, faiss.METRIC_L2)
    index.qb = 0  # queries keep their values
    index.train(residuals)
    faiss.copy_array_to_vector(np.zeros(24, np.float32), index.center)
    index.add(residuals)
    expected, order = index.search(method.project(Q), 500)
    ids, distances = rank_estimate(method.project(Q), signed_items(method.encode(X)), 500)
    assert np.allclose(distances, expected, rtol=1e-4, atol=1e-4)
    assert (ids == order).mean() > 0.99


@pytest.mark.slow
def test_the_estimate_is_right_on_average_over_rotations():
    X, q = features(20, 64), features(1, 64, seed=1)
    true = ((X.astype(np.float64) - q) ** 2).sum(axis=1)
    estimates = np.empty((400, 20))
    for seed in range(400):
        method = RaBitQ(rabitq_bits(64), seed).fit(X)
        ids, distances = rank_estimate(method.project(q), signed_items(method.encode(X)), 20)
        estimates[seed, ids[0]] = distances[0]
    error = estimates.mean(axis=0) - true
    assert np.abs(error / (estimates.std(axis=0) / 20)).max() < 4.5
    assert (estimates.std(axis=0) < 0.35 * true).all()


def test_seed_and_state():
    X = features()
    method = fitted(X)
    again = RaBitQ.from_state(method.state())
    assert again.bits == rabitq_bits(24)
    assert np.array_equal(again.encode(X), method.encode(X))
    assert not np.array_equal(RaBitQ(rabitq_bits(24), 1).fit(X).encode(X), method.encode(X))


def test_refusals():
    with pytest.raises(BadInput, match="48 bits: rabitq has 88 on 24 dimensions and no other length"):
        RaBitQ(48).fit(features())
    with pytest.raises(BadInput, match=r"'rotation' of shape \(3, 2\)"):
        RaBitQ.from_state({"mean": np.zeros(3), "rotation": np.ones((3, 2))})
    with pytest.raises(BadInput, match="cannot be cut to 16 bits"):
        fitted(features()).cut(16)
