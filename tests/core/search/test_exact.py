from __future__ import annotations

import faiss
import numpy as np
import pytest
from hypothesis import given

from core.search.exact import inner_products, rank_exact, to_columns
from tests import reference
from tests.core.search.worlds import quick, worlds


def unit(rng, *shape):
    vectors = rng.normal(size=shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_by_hand():
    gallery = np.array([[1, 0], [0, 1], [0.5, 0.5], [1, 0]], np.float32)
    queries = np.array([[1, 0], [0, 2]], np.float32)
    ids, similarities = rank_exact(queries, to_columns(gallery), 3)
    assert ids.tolist() == [[0, 3, 2], [1, 2, 0]]
    assert similarities.tolist() == [[1, 1, 0.5], [2, 1, 0]]
    ids, _ = rank_exact(queries, to_columns(gallery), 3, np.array([0, 1]))
    assert ids.tolist() == [[3, 2, 1], [2, 0, 3]]
    assert ids.dtype == np.int32
    assert similarities.dtype == np.float64


def test_columns_are_a_contiguous_transpose():
    gallery = np.arange(6, dtype=np.float16).reshape(3, 2)
    columns = to_columns(gallery)
    assert columns.flags.c_contiguous
    assert columns.dtype == np.float32
    assert np.array_equal(columns, gallery.T)


@quick
@given(worlds())
def test_equals_the_loops_bit_for_bit(world):
    columns = to_columns(world.gallery)
    ids, similarities = rank_exact(world.queries, columns, world.size, world.exclude, world.threads)
    for q, query in enumerate(world.queries):
        expected = reference.exact_ranking(query, world.gallery, int(world.exclude[q]))
        assert ids[q].tolist() == expected
        assert similarities[q].tolist() == [reference.inner_product(query, world.gallery[n]) for n in expected]


@quick
@given(worlds())
def test_neither_threads_nor_depth_change_a_result(world):
    columns = to_columns(world.gallery)
    ids, similarities = rank_exact(world.queries, columns, world.size, world.exclude, 1)
    depth = (world.size + 1) // 2
    for threads in (2, 3):
        shallow = rank_exact(world.queries, columns, depth, world.exclude, threads)
        assert np.array_equal(shallow[0], ids[:, :depth])
        assert np.array_equal(shallow[1], similarities[:, :depth])


@pytest.mark.parametrize("count", [2047, 2048, 2049, 5000])
def test_items_beyond_one_stretch_of_running_sums(count):
    rng = np.random.default_rng(count)
    gallery = rng.normal(size=(count, 7)).astype(np.float32)
    query = rng.normal(size=7).astype(np.float32)
    out = np.empty(count)
    inner_products(query, to_columns(gallery), out)
    expected = np.zeros(count)
    for j in range(7):
        expected += np.float64(query[j]) * gallery[:, j].astype(np.float64)
    assert np.array_equal(out, expected)


def test_the_sum_is_taken_in_index_order():
    # 2^60 + 1 is 2^60 in float64: the order of the terms decides the sum.
    big = np.float32(2.0**60)
    out = np.empty(2)
    inner_products(np.ones(3, np.float32), to_columns(np.array([[big, 1, -big], [big, -big, 1]], np.float32)), out)
    assert out.tolist() == [0.0, 1.0]


def test_agrees_with_faiss():
    rng = np.random.default_rng(3)
    gallery, queries = unit(rng, 700, 33), unit(rng, 40, 33)
    ids, similarities = rank_exact(queries, to_columns(gallery), 50)
    index = faiss.IndexFlatIP(33)
    index.add(gallery)
    scores, found = index.search(queries, 50)
    assert np.allclose(scores, similarities, atol=1e-6)
    # float32 may swap what it cannot tell apart, so compare what lies clearly above the last score
    for q in range(40):
        clear = similarities[q] > similarities[q, -1] + 1e-5
        assert set(ids[q][clear]) <= set(found[q])
        apart = np.abs(np.diff(similarities[q])) > 1e-5
        settled = np.append(True, apart) & np.append(apart, True)
        settled[-1] = False
        assert np.array_equal(ids[q][settled], found[q][settled])


def test_progress_ends_at_one():
    heard = []
    gallery = np.eye(4, dtype=np.float32)
    rank_exact(np.tile(gallery, (3, 1)), to_columns(gallery), 2, threads=2, progress=heard.append)
    assert heard == [0.25, 0.5, 0.75, 1.0]
