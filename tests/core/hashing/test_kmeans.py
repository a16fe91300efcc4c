from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from core.errors import BadInput
from core.hashing.kmeans import KMeansCells
from core.hashing.numbered import unpack_numbers


def features(count=500, dimensions=6, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)


def test_by_hand():
    method = KMeansCells.from_state({"centroids": np.array([[0, 0], [4, 0], [0, 4], [4, 4]], np.float32)})
    assert method.bits == 2
    X = np.array([[1, 1], [3, 0], [1, 3], [9, 9], [2, 0]], np.float32)
    assert method.cells(X).tolist() == [0, 1, 2, 3, 0]  # the last lies between two: the first of them
    assert method.encode(X).ravel().tolist() == [0b00000000, 0b01000000, 0b10000000, 0b11000000, 0]


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_every_row_is_in_the_cell_of_its_nearest_centroid(bits):
    X = features()
    method = KMeansCells(bits).fit(X)
    assert method.state()["centroids"].shape == (1 << bits, 6)
    Y = features(80, seed=1)
    apart = ((Y[:, None].astype(np.float64) - method.centroids) ** 2).sum(axis=2)
    assert np.array_equal(method.cells(Y), apart.argmin(axis=1))
    assert np.array_equal(unpack_numbers(method.encode(Y), 1, bits)[:, 0], method.cells(Y))


def test_seed_threads_and_state():
    X = features(3000)
    first = KMeansCells(4).fit(X)
    with threadpool_limits(2):
        assert np.array_equal(KMeansCells(4).fit(X).centroids, first.centroids)
    assert not np.array_equal(KMeansCells(4, 1).fit(X).centroids, first.centroids)
    assert np.array_equal(KMeansCells.from_state(first.state()).encode(X), first.encode(X))


def test_refusals():
    with pytest.raises(BadInput, match="500 rows of features for 512 centroids: kmeans"):
        KMeansCells(9).fit(features())
    with pytest.raises(BadInput, match="constant: kmeans"):
        KMeansCells(1).fit(np.ones((50, 3), np.float32))
    with pytest.raises(BadInput, match="3 centroids"):
        KMeansCells.from_state({"centroids": np.ones((3, 2), np.float32)})
    with pytest.raises(BadInput, match="kmeans was fitted on 6"):
        KMeansCells(2).fit(features()).encode(features(3, 5))
    with pytest.raises(RuntimeError, match="not fitted"):
        KMeansCells(2).encode(features())
