from __future__ import annotations

import faiss
import numpy as np
from hypothesis import given

from core.hashing import packing
from core.search.hamming import hamming_distances, hamming_levels, rank_hamming
from tests import reference
from tests.core.search.worlds import quick, worlds


def words(*rows):
    return packing.to_words(packing.pack(np.array([[c == "1" for c in row] for row in rows])))


def test_by_hand():
    found = rank_hamming(words("10110"), words("10111", "00000", "10110", "10100", "01001"), 5, 4)
    assert found.ids.tolist() == [[2, 0, 3, 1]]
    assert found.distances.tolist() == [[0, 1, 1, 3]]
    gallery = words("10111", "00000", "10110", "10100", "01001")
    assert hamming_levels(words("10110"), gallery, 5).tolist() == [[1, 2, 0, 1, 0, 1]]


def test_by_hand_with_one_left_out_and_a_cap():
    gallery = words("10111", "00000", "10110", "10100", "01001")
    found = rank_hamming(words("10110"), gallery, 5, 4, np.array([2]), distance_cap=1)
    assert found.ids.tolist() == [[0, 1, 3, 4]]
    assert found.distances.tolist() == [[1, 1, 1, 1]]
    assert hamming_levels(words("10110"), gallery, 5, np.array([2]), 1).tolist() == [[0, 4, 0, 0, 0, 0]]


@quick
@given(worlds())
def test_equals_the_loops(world):
    found = rank_hamming(*world.words, world.bits, world.size, world.exclude, world.cap, world.threads)
    levels = hamming_levels(*world.words, world.bits, world.exclude, world.cap, world.threads)
    cap = world.bits if world.cap is None else world.cap
    for q, code in enumerate(world.query_codes):
        expected = reference.hamming_ranking(code, world.gallery_codes, int(world.exclude[q]), world.cap)
        assert found.ids[q].tolist() == expected
        distances = [min(cap, reference.hamming(code, world.gallery_codes[n])) for n in expected]
        assert found.distances[q].tolist() == distances
        assert levels[q].tolist() == np.bincount(distances, minlength=world.bits + 1).tolist()


@quick
@given(worlds())
def test_neither_threads_nor_depth_change_a_result(world):
    args = (*world.words, world.bits)
    whole = rank_hamming(*args, world.size, world.exclude, world.cap, 1)
    depth = (world.size + 1) // 2
    for threads in (2, 3):
        shallow = rank_hamming(*args, depth, world.exclude, world.cap, threads)
        assert np.array_equal(shallow.ids, whole.ids[:, :depth])
        assert np.array_equal(shallow.distances, whole.distances[:, :depth])


def test_distances_longer_than_a_byte():
    every, none = np.ones((1, 1000), bool), np.zeros((1, 1000), bool)
    out = np.empty(2, np.uint16)
    gallery = packing.to_words(packing.pack(np.concatenate([every, none])))
    hamming_distances(np.ascontiguousarray(packing.to_words(packing.pack(none))[:, 0]), gallery, 1000, out)
    assert out.tolist() == [1000, 0]


def test_agrees_with_faiss_at_each_level_before_the_last():
    rng = np.random.default_rng(5)
    gallery, queries = (rng.integers(0, 256, (count, 6), dtype=np.uint8) for count in (900, 30))
    found = rank_hamming(packing.to_words(queries), packing.to_words(gallery), 48, 60)
    index = faiss.IndexBinaryFlat(64)
    index.add(packing.resize(gallery, 8))
    distances, ids = index.search(packing.resize(queries, 8), 60)
    assert np.array_equal(distances, found.distances)
    for q in range(30):
        for level in np.unique(distances[q])[:-1]:
            assert set(ids[q][distances[q] == level]) == set(found.ids[q][found.distances[q] == level])
