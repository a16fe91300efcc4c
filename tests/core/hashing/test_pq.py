from __future__ import annotations

from itertools import pairwise

import faiss
import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.numbered import unpack_numbers
from core.hashing.pq import ProductQuantiser, part_starts
from core.search.lookup import rank_lookup


def features(count=400, dimensions=12, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)


def test_by_hand():
    # Two parts of one dimension; centroid c of a part lies at c.
    values = np.tile(np.arange(16, dtype=np.float32), (2, 1))
    method = ProductQuantiser.from_state({"values": values, "bits": np.array([8.0])})
    X = np.array([[2.2, 14.6], [0.5, 99.0], [-3.0, 7.0]], np.float32)
    assert method.encode(X).ravel().tolist() == [0x2F, 0x0F, 0x07]  # halfway goes to the lower one
    ids, distances = rank_lookup(
        np.array([[1.0, 8.0]], np.float32), method.codebook, np.array([[2, 0, 0], [15, 15, 7]], np.uint8), 3
    )
    assert ids.tolist() == [[2, 0, 1]]
    assert distances.tolist() == [[2.0, 50.0, 50.0]]


@pytest.mark.parametrize(("dimensions", "bits", "part_bits"), [(12, 16, 4), (13, 16, 4), (7, 28, 4)])
def test_each_part_has_its_nearest_centroid(dimensions, bits, part_bits):
    X = features(dimensions=dimensions)
    method = ProductQuantiser(bits).fit(X)
    assert method.part_bits == part_bits
    numbers = unpack_numbers(method.encode(X), bits // part_bits, part_bits)
    starts = part_starts(dimensions, bits // part_bits)
    for m, (first, end) in enumerate(pairwise(starts)):
        book = method.values[first:end].T.astype(np.float64)
        apart = ((X[:, None, first:end] - book) ** 2).sum(axis=2)
        assert np.array_equal(numbers[:, m], apart.argmin(axis=1))


def test_bytes_where_rows_are_many_and_codes_are_faiss_s():
    X, Q = features(256 * 39), features(5, seed=1)
    method = ProductQuantiser(16).fit(X)
    assert method.part_bits == 8
    index = faiss.IndexPQ(12, 2, 8)
    books = np.stack([method.values[:6].T, method.values[6:].T])  # (M, K, d / M), as faiss has them
    faiss.copy_array_to_vector(np.ascontiguousarray(books).ravel(), index.pq.centroids)
    index.is_trained = True
    index.add(X[:1000])
    codes = faiss.vector_to_array(index.codes).reshape(1000, 2)
    assert (codes == method.encode(X[:1000])).mean() > 0.999
    expected, _ = index.search(Q, 30)
    parts = np.ascontiguousarray(codes.T)
    ids, distances = rank_lookup(Q, method.codebook, parts, 30)
    assert np.allclose(distances, expected, rtol=1e-4)
    reconstructed = index.reconstruct_n(0, 1000).astype(np.float64)
    for q in range(5):
        assert np.allclose(distances[q], ((Q[q] - reconstructed[ids[q]]) ** 2).sum(axis=1), rtol=1e-4)


def test_more_bits_tell_more():
    X = features()

    def error(bits):
        method = ProductQuantiser(bits).fit(X)
        numbers = unpack_numbers(method.encode(X), bits // 4, 4)
        starts = part_starts(12, bits // 4)
        rebuilt = np.concatenate(
            [method.values[a:b].T[numbers[:, m]] for m, (a, b) in enumerate(pairwise(starts))],
            1,
        )
        return ((X - rebuilt) ** 2).mean()

    assert error(48) < error(32) < error(16) < 1


def test_seed_and_state():
    X = features()
    method = ProductQuantiser(16).fit(X)
    again = ProductQuantiser.from_state(method.state())
    assert (again.bits, again.part_bits) == (16, 4)
    assert np.array_equal(again.encode(X), method.encode(X))
    assert not np.array_equal(ProductQuantiser(16, 1).fit(X).values, method.values)


def test_refusals():
    with pytest.raises(BadInput, match=r"128 bits from 12 dimensions: pq.*random-hyperplane"):
        ProductQuantiser(128).fit(features())
    with pytest.raises(BadInput, match="18 bits: pq takes a multiple of 4"):
        ProductQuantiser(18).fit(features())
    with pytest.raises(BadInput, match="10 rows of features for 16 centroids: pq"):
        ProductQuantiser(16).fit(features(10))
    with pytest.raises(BadInput, match="constant: pq"):
        ProductQuantiser(16).fit(np.ones((400, 12), np.float32))
    with pytest.raises(BadInput, match="8 centroids a part"):
        ProductQuantiser.from_state({"values": np.ones((4, 8)), "bits": np.array([16.0])})
    with pytest.raises(BadInput, match="pq was fitted on 12"):
        ProductQuantiser(16).fit(features()).encode(features(dimensions=11))


def test_a_part_that_does_not_vary_is_no_error():
    X = features()
    X[:, :6] = 0.25
    method = ProductQuantiser(8).fit(X)
    assert len(np.unique(unpack_numbers(method.encode(X), 2, 4)[:, 0])) == 1
