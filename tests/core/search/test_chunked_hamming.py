from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hashing.packing import to_words
from core.search import chunked_hamming
from core.search.chunked_hamming import rank_hamming_chunked
from core.search.hamming import rank_hamming
from tests.core.search.worlds import quick, worlds


@pytest.fixture(scope="module", autouse=True)
def little_room():
    """Lists that are cut back often, even in small galleries."""
    before = chunked_hamming._ROOM
    chunked_hamming._ROOM = 2
    yield
    chunked_hamming._ROOM = before


def test_by_hand():
    gallery = to_words(np.array([[7], [1], [0], [1], [3]], np.uint8))
    query = to_words(np.array([[0]], np.uint8))
    for chunk in (1, 2, 5, 8):
        ids, distances = rank_hamming_chunked(query, gallery, 8, 4, chunk=chunk)
        assert ids.tolist() == [[2, 1, 3, 4]]
        assert distances.tolist() == [[0, 1, 1, 2]]
    ids, distances = rank_hamming_chunked(query, gallery, 8, 3, np.array([2]), 1, chunk=2)
    assert ids.tolist() == [[0, 1, 3]]
    assert distances.tolist() == [[1, 1, 1]]


@quick
@given(worlds(), st.integers(1, 60), st.floats(0, 1))
def test_equals_the_plain_search_bit_for_bit(world, chunk, share):
    depth = max(1, round(share * world.size))
    given_ = (*world.words, world.bits, depth, world.exclude, world.cap)
    plain = rank_hamming(*given_)
    found = rank_hamming_chunked(*given_, chunk, world.threads)
    assert np.array_equal(found[0], plain.ids)
    assert np.array_equal(found[1], plain.distances)


@pytest.mark.parametrize("order", ["random", "falling", "rising"])
@pytest.mark.parametrize("chunk", [64, 1000, None])
def test_many_items_in_any_order_of_distance(order, chunk):
    rng = np.random.default_rng(4)
    bits = rng.random((9000, 40)) < np.linspace(0.05, 0.9, 9000)[:, None]
    codes = np.packbits(bits, axis=1)
    codes = {"random": codes[rng.permutation(9000)], "falling": codes[::-1].copy(), "rising": codes}[order]
    query = to_words(np.zeros((2, 5), np.uint8))
    for depth in (1, 50, 3000):
        plain = rank_hamming(query, to_words(codes), 40, depth)
        found = rank_hamming_chunked(query, to_words(codes), 40, depth, chunk=chunk)
        assert np.array_equal(found[0], plain.ids)
        assert np.array_equal(found[1], plain.distances)
