from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.exact import rank_exact
from core.search.hamming import rank_hamming
from core.search.hashed import rerank, rerank_one
from core.settings import parse_multiplier, shortlist_size
from tests import reference
from tests.core.search.worlds import on_grain, quick, worlds


def rank_hashed(world, shortlist, k):
    near = rank_hamming(*world.words, world.bits, shortlist, world.exclude, world.cap, world.threads).ids
    return rerank(world.queries, world.gallery, near, k, world.threads)


def test_by_hand():
    gallery = np.array([[1, 0], [0, 1], [0.5, 0.5], [1, 0], [2, 2]], np.float32)
    near = np.array([3, 1, 0, 2], np.int32)  # the best of all is not among them
    ids, values = np.empty(3, np.int32), np.empty(3)
    rerank_one(np.array([1, 0], np.float32), gallery, near, ids, values)
    assert (ids.tolist(), values.tolist()) == ([0, 3, 2], [1, 1, 0.5])
    assert near.tolist() == [3, 1, 0, 2]


def test_a_similarity_of_nothing_is_a_plain_zero():
    ids, values = np.empty(2, np.int32), np.empty(2)
    gallery = np.array([[0, 1], [0, -1]], np.float32)
    rerank_one(np.array([-1, 0], np.float32), gallery, np.array([1, 0], np.int32), ids, values)
    assert (ids.tolist(), [str(value) for value in values]) == ([0, 1], ["0.0", "0.0"])


@quick
@given(worlds(), st.sampled_from(["1", "1.1", "1.25", "2.5", "20", "all"]), st.data())
def test_equals_the_loops_bit_for_bit(world, multiplier, data):
    k = data.draw(st.integers(1, world.size))
    shortlist = shortlist_size(parse_multiplier(multiplier), k, world.size)
    ids, similarities = rank_hashed(world, shortlist, k)
    for q, query in enumerate(world.queries):
        near = reference.hamming_ranking(world.query_codes[q], world.gallery_codes, int(world.exclude[q]), world.cap)
        expected = reference.hashed_ranking(query, world.gallery, near, multiplier, k)
        assert ids[q].tolist() == expected
        assert similarities[q].tolist() == [reference.inner_product(query, world.gallery[n]) for n in expected]


@quick
@given(worlds())
def test_a_shortlist_of_the_whole_gallery_is_exact_search(world):
    exact = rank_exact(world.queries, world.gallery, world.size, world.exclude, 1)
    hashed = rank_hashed(world, world.size, world.size)
    assert np.array_equal(exact[0], hashed[0])
    assert np.array_equal(exact[1], hashed[1])


@pytest.mark.parametrize("distinct", [1, 5, 3000])
@pytest.mark.parametrize("k", [1, 100, 2500])
def test_long_shortlists_with_few_and_many_equal_vectors(distinct, k):
    rng = np.random.default_rng(distinct)
    gallery = on_grain(rng.normal(size=(distinct, 12)))[rng.integers(0, distinct, 3000)]
    near = np.array([rng.permutation(3000)[:2500] for _ in range(4)], np.int32)
    ids, similarities = rerank(gallery[:4], gallery, near, k, 2)
    for q in range(4):
        items = np.sort(near[q])
        products = gallery[items].astype(np.float64) @ gallery[q].astype(np.float64)
        order = np.argsort(-products, kind="stable")[:k]
        assert np.array_equal(ids[q], items[order])
        assert np.array_equal(similarities[q], products[order])
