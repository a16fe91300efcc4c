from __future__ import annotations

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 8])
def test_chunks_by_hand(chunk):
    gallery, query = words("0111", "0001", "0000", "0001", "0011"), words("0000")
    found = rank_hamming(query, gallery, 8, 4, chunk=chunk)
    assert (found.ids.tolist(), found.distances.tolist()) == ([[2, 1, 3, 4]], [[0, 1, 1, 2]])
    found = rank_hamming(query, gallery, 8, 3, np.array([2]), 1, chunk=chunk)
    assert (found.ids.tolist(), found.distances.tolist()) == ([[0, 1, 3]], [[1, 1, 1]])


@quick
@given(worlds(), st.one_of(st.none(), st.integers(1, 60)))
def test_equals_the_loops(world, chunk):
    found = rank_hamming(*world.words, world.bits, world.size, world.exclude, world.cap, world.threads, chunk=chunk)
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
        alone = rank_hamming(*args, depth, world.exclude, world.cap, threads, tell_distances=False)
        assert np.array_equal(alone.ids, whole.ids[:, :depth])
        assert alone.distances.shape == (len(world.queries), 0)


@pytest.mark.parametrize("order", ["random", "falling", "rising"])
@pytest.mark.parametrize("chunk", [64, 1000, None])
def test_many_items_in_any_order_of_distance(order, chunk):
    rng = np.random.default_rng(4)
    bits = rng.random((9000, 40)) < np.linspace(0.05, 0.9, 9000)[:, None]
    bits = {"random": bits[rng.permutation(9000)], "falling": bits[::-1], "rising": bits}[order]
    codes, query = packing.to_words(packing.pack(bits)), packing.to_words(np.zeros((2, 5), np.uint8))
    expected = np.argsort(bits.sum(axis=1), kind="stable")
    for depth in (1, 50, 3000):
        found = rank_hamming(query, codes, 40, depth, chunk=chunk)
        assert np.array_equal(found.ids, [expected[:depth]] * 2)
        assert np.array_equal(found.distances, [bits.sum(axis=1)[expected[:depth]]] * 2)


def test_a_memory_map_and_progress(tmp_path):
    codes = packing.to_words(np.random.default_rng(6).integers(0, 256, (3000, 9), dtype=np.uint8))
    codes.tofile(tmp_path / "words")
    mapped = np.memmap(tmp_path / "words", np.uint64, "r", shape=codes.shape)
    queries = np.ascontiguousarray(codes[:, :12])
    expected, heard = rank_hamming(queries, codes, 72, 30, np.arange(12)), []
    for chunk in (None, 700):
        found = rank_hamming(queries, mapped, 72, 30, np.arange(12), threads=2, progress=heard.append, chunk=chunk)
        assert np.array_equal(found.ids, expected.ids)
        assert np.array_equal(found.distances, expected.distances)
    assert heard == [0.25, 0.5, 0.75, 1.0] * 2


def test_a_gallery_of_one_code():
    found = rank_hamming(words("101"), words("011"), 3, 1)
    assert (found.ids.tolist(), found.distances.tolist()) == ([[0]], [[2]])


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
