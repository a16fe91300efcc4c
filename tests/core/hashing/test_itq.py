from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from core.errors import BadInput
from core.hashing.itq import ITQ, learn_rotation, quantisation_error, random_rotation, unit_scale
from core.hashing.packing import unpack
from core.hashing.pca_sign import principal_components


def features(count=3000, dimensions=24, seed=0):
    """Clusters of falling variance a dimension, turned: what a rotation can be good for."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(30, dimensions)) * 1.15 ** -np.arange(dimensions)
    turn = np.linalg.qr(generator.normal(size=(dimensions, dimensions)))[0]
    X = centres[generator.integers(30, size=count)] + 0.1 * generator.normal(size=(count, dimensions))
    return (X @ turn + 1).astype(np.float32)


def components(X, bits):
    mean, axes = principal_components(X, bits)
    return unit_scale(((X - mean) @ axes).astype(np.float32))


def test_quantisation_error_never_rises_and_falls_in_all():
    errors = ITQ(16).fit(features()).errors
    assert errors.shape == (51,)
    assert np.diff(errors).max() <= 1e-6
    assert errors[-1] < 0.95 * errors[0]


def test_error_is_below_that_of_pca_sign_and_of_random_rotations():
    X = features()
    V = components(X, 16)
    learned = ITQ(16).fit(X)
    error = quantisation_error(V, learned.rotation)
    assert error == pytest.approx(learned.errors[-1], abs=1e-6)
    assert error < 0.9 * quantisation_error(V, np.eye(16))
    others = [quantisation_error(V, random_rotation(16, np.random.default_rng(seed))) for seed in range(10)]
    assert error < 0.95 * min(others)


def test_quantisation_error_by_definition():
    V = components(features(700), 8)
    R = random_rotation(8, np.random.default_rng(5))
    Z = V.astype(np.float64) @ R
    B = np.where(Z > 0, 1, -1)
    assert quantisation_error(V, R) == pytest.approx(np.mean((B - Z) ** 2), abs=1e-6)


def test_diamond_by_hand():
    # The corners of a diamond: turned by 45 degrees they are the corners of the square, an error of 0.
    V = unit_scale(np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], dtype=np.float32))
    assert np.allclose(np.abs(V).max(axis=1), np.sqrt(2))
    assert quantisation_error(V, np.eye(2)) == pytest.approx((1 + (np.sqrt(2) - 1) ** 2) / 2, abs=1e-6)
    angle = np.deg2rad(20)
    start = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rotation, errors = learn_rotation(V, start, 2)
    # Turned by 20 degrees a corner is sqrt(2) (cos 20, sin 20): |B - Z|^2 summed over its two entries, halved.
    by_hand = ((1 - np.sqrt(2) * np.cos(angle)) ** 2 + (1 - np.sqrt(2) * np.sin(angle)) ** 2) / 2
    assert errors[0] == pytest.approx(by_hand, abs=1e-6)
    assert errors[1:] == pytest.approx([0, 0], abs=1e-6)
    assert np.allclose(np.abs(rotation), np.sqrt(0.5), atol=1e-6)


def test_one_update_is_the_best_rotation_for_its_signs():
    V = components(features(), 8)
    start = random_rotation(8, np.random.default_rng(0))
    rotation, _ = learn_rotation(V, start, 1)
    B = np.where(V @ start.astype(np.float32) > 0, 1.0, -1.0)
    best = np.sum((B - V @ rotation) ** 2)
    generator = np.random.default_rng(1)
    for size in (1e-3, 1e-2, 1e-1):
        step = generator.normal(size=(8, 8)) * size
        near = rotation @ np.linalg.qr(np.eye(8) + step - step.T)[0]
        near *= np.sign((near * rotation).sum(axis=0))
        assert np.sum((B - V @ near) ** 2) > best


@pytest.mark.parametrize("bits", [1, 5, 16, 24])
def test_rotation_is_orthogonal_and_the_projection_is_axes_times_rotation(bits):
    X = features()
    method = ITQ(bits, iterations=5).fit(X)
    assert np.allclose(method.rotation.T @ method.rotation, np.eye(bits), atol=1e-12)
    mean, axes = principal_components(X, bits)
    assert np.allclose(method.projection, axes @ method.rotation, atol=1e-6)
    assert np.allclose(method.mean, mean, atol=1e-6)
    assert np.array_equal(unpack(method.encode(X), bits), method.project(X) > 0)


def test_random_rotation_is_orthogonal_and_uniform():
    generator = np.random.default_rng(0)
    drawn = np.array([random_rotation(3, generator) for _ in range(2000)])
    assert np.allclose(drawn.transpose(0, 2, 1) @ drawn, np.eye(3), atol=1e-12)
    # Entries of an evenly drawn rotation have mean 0 (the diagonal only by the sign correction) and variance 1/3.
    assert np.abs(drawn.mean(axis=0)).max() < 5 * np.sqrt(1 / 3 / 2000)
    assert np.allclose(drawn.var(axis=0), 1 / 3, atol=0.04)


def test_no_iterations_is_pca_with_a_random_rotation():
    X = features()
    method = ITQ(8, seed=3, iterations=0).fit(X)
    assert method.errors.shape == (1,)
    assert np.array_equal(method.rotation, random_rotation(8, np.random.default_rng(3)))


def test_seed_decides_the_code():
    X = features()
    codes = [ITQ(16, seed=seed).fit(X).encode(X) for seed in (0, 0, 1)]
    assert np.array_equal(codes[0], codes[1])
    assert not np.array_equal(codes[0], codes[2])


@pytest.mark.parametrize("scale", [1e-10, 1e10])
def test_scale_of_the_features_plays_no_part(scale):
    X = features().astype(np.float64)
    a, b = ITQ(16).fit(X), ITQ(16).fit(X * scale)
    assert (unpack(a.encode(X), 16) == unpack(b.encode(X * scale), 16)).mean() > 0.99


def test_threads_do_not_change_the_fit():
    X = features(9000, 64)
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fits.append(ITQ(64, iterations=20).fit(X).projection)
    assert np.array_equal(fits[0], fits[1])


def test_fits_at_the_same_time_agree_and_give_the_threads_back():
    before = [pool["num_threads"] for pool in threadpool_info()]
    X = features()
    alone = ITQ(16).fit(X).projection
    found = []
    workers = [threading.Thread(target=lambda: found.append(ITQ(16).fit(X).projection)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 4
    assert all(np.array_equal(one, alone) for one in found)
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_state_round_trip():
    X = features()
    method = ITQ(12).fit(X)
    again = ITQ.from_state(method.state())
    assert (again.name, again.bits) == ("itq", 12)
    assert np.array_equal(again.encode(X), method.encode(X))


def test_refusals_name_itq():
    with pytest.raises(BadInput, match=r"32 bits from 24 dimensions: itq.*random-hyperplane"):
        ITQ(32).fit(features())
    with pytest.raises(BadInput, match="constant: itq"):
        ITQ(8).fit(np.ones((50, 24), dtype=np.float32))
    with pytest.raises(BadInput, match="at least 2"):
        ITQ(8).fit(features(1))
    with pytest.raises(BadInput, match="-1 iterations"):
        ITQ(8, iterations=-1)
    X = features()
    X[3, 3] = np.inf
    with pytest.raises(BadInput, match="row 3"):
        ITQ(8).fit(X)
