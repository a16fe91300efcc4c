from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.search.exact import inner_products, rank_exact, to_columns
from core.search.hamming import rank_hamming
from core.search.hashed import gathered_products, rerank
from core.settings import parse_multiplier, shortlist_size
from tests import reference
from tests.core.search.worlds import quick, worlds


def rank_hashed(world, shortlist, k):
    near = rank_hamming(*world.words, world.bits, shortlist, world.exclude, world.cap, world.threads).ids
    return rerank(world.queries, world.gallery, near, k, world.threads)


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
    exact = rank_exact(world.queries, to_columns(world.gallery), world.size, world.exclude, 1)
    hashed = rank_hashed(world, world.size, world.size)
    assert np.array_equal(exact[0], hashed[0])
    assert np.array_equal(exact[1], hashed[1])


@quick
@given(worlds())
def test_gathered_products_are_those_of_the_scan_to_the_bit(world):
    ids = np.random.default_rng(0).permutation(len(world.gallery)).astype(np.int32)
    scanned, gathered = np.empty(len(ids)), np.empty(len(ids))
    for query in world.queries:
        inner_products(query, to_columns(world.gallery), scanned)
        gathered_products(query, world.gallery, ids, gathered)
        assert np.array_equal(gathered, scanned[ids])


@quick
@given(worlds())
def test_products_eight_rows_at_once_whatever_the_layout_of_the_gallery(world):
    wide = np.repeat(world.gallery, 2, axis=0)[::2]  # rows stand apart
    turned = np.asfortranarray(world.gallery)  # numbers of a row stand apart
    ids = np.arange(len(world.gallery), dtype=np.int32)[::-1].copy()
    for query in world.queries[:3]:
        expected = [reference.inner_product(query, world.gallery[n]) for n in ids]
        for gallery in (wide, turned):
            gathered = np.empty(len(ids))
            gathered_products(query, gallery, ids, gathered)
            assert gathered.tolist() == expected
