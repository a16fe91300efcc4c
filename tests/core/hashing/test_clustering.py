from __future__ import annotations

import warnings

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.base import check_varied, one_thread
from core.hashing.clustering import centroids


def blobs(count=600, k=6, seed=0):
    generator = np.random.default_rng(seed)
    middle = 10 * generator.normal(size=(k, 5))
    return (middle[np.arange(count) % k] + 0.1 * generator.normal(size=(count, 5))).astype(np.float32), middle


def test_well_separated_groups_are_found():
    X, middle = blobs(k=3)
    found = centroids(X, 3, 0, "kmeans")
    assert found.dtype == np.float32
    nearest = np.abs(found[:, None] - middle).sum(axis=2).min(axis=0)
    assert nearest.max() < 0.2


def test_a_centroid_is_the_mean_of_its_rows_nearly():
    X, _ = blobs(k=4)
    found = centroids(X, 4, 0, "kmeans").astype(np.float64)
    cell = ((X[:, None] - found) ** 2).sum(axis=2).argmin(axis=1)
    for c in range(4):
        assert np.allclose(X[cell == c].mean(axis=0), found[c], atol=1e-4)


def test_seed_decides():
    X = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    with one_thread():
        drawn = [centroids(X, 16, seed, "kmeans") for seed in (0, 0, 1)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_more_centroids_than_distinct_rows_is_quiet():
    X = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = centroids(X, 8, 0, "kmeans")
    assert np.isfinite(found).all()
    assert len(np.unique(np.round(found, 6), axis=0)) == 3


def test_refusals():
    with pytest.raises(BadInput, match="5 rows of features for 8 centroids: pq"):
        centroids(np.ones((5, 2), np.float32), 8, 0, "pq")
    with pytest.raises(BadInput, match="constant: pq"):
        check_varied(np.full((9000, 2), 0.3, np.float32), "pq")
    with pytest.raises(BadInput, match="1 rows"):
        check_varied(np.ones((1, 2), np.float32), "pq")
    late = np.zeros((9000, 2), np.float32)
    late[-1] = 1
    check_varied(late, "pq")
