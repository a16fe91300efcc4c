from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.studies.buckets.hash_tables import fit_tables
from core.studies.buckets.lookups import (
    BUCKETS,
    EXACT,
    HAMMING,
    KMEANS,
    RANDOM,
    Bits,
    Lookup,
    cell_keys,
    code_bits,
    lookups,
    plane_keys,
    reduced,
    subset_keys,
    without_head,
)

LINE = np.array([[0.0, 9], [1, 9], [10, 9], [11, 9], [20, 9], [21, 9]], np.float32)  # three pairs along x
QUERIES = np.array([[10.4, 0], [0.6, 0], [30, 0]], np.float32)


def test_cells_by_hand():
    keys = cell_keys(LINE, QUERIES, LINE, 3, None, 0)
    gallery, queries = keys.gallery[0], keys.queries[0]
    assert keys.gallery.shape == (1, 6) and keys.gallery.dtype == np.int64
    assert gallery[0] == gallery[1] and gallery[2] == gallery[3] and gallery[4] == gallery[5]
    assert len(set(gallery)) == 3
    assert queries.tolist() == [gallery[2], gallery[0], gallery[4]]
    assert keys.products == 3


def test_cells_after_pca_follow_the_widest_direction():
    """y parts the rows at random, by less than x: one component sees x alone."""
    rows = LINE + np.array([[0, 3], [0, -3], [0, 3], [0, -3], [0, 3], [0, -3]], np.float32)
    keys = cell_keys(rows, QUERIES, rows, 3, 1, 0)
    assert keys.queries[0].tolist() == [keys.gallery[0][2], keys.gallery[0][0], keys.gallery[0][4]]
    assert keys.products == 3 / 2 + 1  # three centroids of half the width, and one axis
    every = cell_keys(LINE, QUERIES, LINE, 2, 2, 0)  # the rows vary in one direction, and no more is asked
    assert every.products == 2 / 2 + 1


def test_planes_are_those_of_the_hash_tables():
    keys, drawn = plane_keys(LINE, QUERIES, LINE, 3, 2, 1), fit_tables(LINE, 3, 2, 1)
    assert np.array_equal(keys.queries, drawn.keys(QUERIES)) and np.array_equal(keys.gallery, drawn.keys(LINE))
    assert keys.products == 6


def test_keys_of_all_bits_are_the_code_as_a_number():
    bits = Bits(np.array([[1, 0, 1]], bool), np.array([[1, 1, 1], [0, 0, 1]], bool), 4.0)
    keys = subset_keys(bits, 3, 2, 0)
    assert keys.queries.tolist() == [[5], [5]]
    assert keys.gallery.tolist() == [[7, 1], [7, 1]]
    assert keys.products == 4


def test_more_tables_begin_with_those_of_fewer_and_each_has_bits_of_its_own():
    code = np.random.default_rng(0).random((40, 16)) < 0.5
    bits = Bits(code[:10], code, 1.0)
    few, many = subset_keys(bits, 8, 2, 3), subset_keys(bits, 8, 5, 3)
    assert np.array_equal(few.gallery, many.gallery[:2])
    assert not np.array_equal(many.gallery[0], many.gallery[1])
    assert np.array_equal(many.queries, many.gallery[:, :10])  # equal codes share every bucket
    with pytest.raises(BadInput, match="keys of 17 bits from codes of 16: expected 1 to 16"):
        subset_keys(bits, 17, 1, 0)


def test_codes_take_queries_their_own_way(tiny_bundle, monkeypatch):
    class Sided:
        def encode(self, X):
            return np.packbits(X[:, :3] > 0, axis=1)

        def project_queries(self, X):
            return -X[:, :3]

        def state(self):
            return {"queries": np.zeros((16, 4)), "gallery": np.zeros((16, 4)), "output": np.zeros((4, 3))}

    monkeypatch.setattr("core.studies.buckets.lookups.hash_method", lambda *_: Sided())
    X = tiny_bundle.embeddings("semantic", "test")
    bits = code_bits(tiny_bundle, "semantic", "neural-lsh", 3, 0, X, X)
    assert np.array_equal(bits.gallery, X[:, :3] > 0) and np.array_equal(bits.queries, X[:, :3] < 0)
    assert bits.products == (16 * 4 + 4 * 3) / 16


def test_the_rows(tiny_bundle):
    rows = lookups(tiny_bundle, "semantic", (10, 150, 151), (8,), (1, 3), ("neural-lsh",))
    cells = [(row.cells, row.pca) for row in rows if row.method == KMEANS]
    assert cells == [(10, None), (150, None), (10, 2), (150, 2)]  # 150 images; of 16 dimensions 2
    random = [(row.key_bits, row.tables) for row in rows if row.method == RANDOM and row.search == BUCKETS]
    assert random == [(8, 1), (8, 3), (14, 5)]  # the study's own is always there
    learned = [(row.bits, row.key_bits, row.tables) for row in rows if row.method == "neural-lsh"]
    assert learned == [(16, 12, 3), (16, 8, 10), (16, None, None)]
    assert [row.search for row in rows].count(EXACT) == 1
    ranked = [(row.method, row.bits) for row in rows if row.search == HAMMING]
    assert ranked == [(RANDOM, 16), (RANDOM, 64), ("neural-lsh", 16)]


def test_names():
    assert (Lookup("", EXACT).label, Lookup("", EXACT).parameters) == ("Exact ranking", "every image")
    assert Lookup(KMEANS, cells=50, pca=10).label == "k-means cells after PCA"
    assert Lookup(KMEANS, cells=50, pca=10).parameters == "50 cells, 10 dimensions"
    assert Lookup(RANDOM, key_bits=14, tables=5).parameters == "5 × 14 bits"
    assert Lookup("neural-lsh", BUCKETS, 16, 12, 3).parameters == "3 × 12 bits of 16"
    assert Lookup("neural-lsh", HAMMING, 16).parameters == "Hamming ranking of 16 bits"
    assert [reduced(d) for d in (2048, 200, 199, 100, 3)] == [100, 100, 19, 10, 1]


def test_heads_that_the_bundle_lacks(tiny_bundle, monkeypatch):
    assert without_head(tiny_bundle, "semantic") == ["neural-lsh", "fourier-hashnet"]
    stored = {("neural-lsh", 16): {"head": {"mean": 1}}, ("fourier-hashnet", 16): {"head": {"mean": 1}}}
    monkeypatch.setattr(
        "core.studies.buckets.lookups.find_stored", lambda _, __, info, bits, ___: stored.get((info.name, bits))
    )
    assert without_head(tiny_bundle, "semantic") == ["fourier-hashnet"]  # which needs one of 64 bits too
