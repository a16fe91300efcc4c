from __future__ import annotations

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bundle.vectors import unit_rows
from core.search import exact
from core.search.exact import rank_exact
from core.search.rounding import longest_row
from tests import reference
from tests.core.search.worlds import on_grain, quick, worlds

FLOAT32, FLOAT64 = 0, 10**9  # of `_SHARE`: no depth is so deep, and any is


@pytest.fixture(autouse=True)
def few_queries_a_block(monkeypatch):
    monkeypatch.setattr(exact, "_QUERIES", 3)


def by_numpy(queries, gallery, depth, exclude=None):
    """From all products in float64, which are exact."""
    similarities = queries.astype(np.float64) @ gallery.astype(np.float64).T + 0.0
    for q, own in enumerate([] if exclude is None else exclude):
        if own >= 0:
            similarities[q, own] = -np.inf
    ids = np.argsort(-similarities, axis=1, kind="stable")[:, :depth]
    return ids, np.take_along_axis(similarities, ids, axis=1)


def check(queries, gallery, depth, exclude=None, **how):
    expected = by_numpy(queries, gallery, depth, exclude)
    found = rank_exact(queries, gallery, depth, exclude, **how)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("chunk", [None, 1, 2, 3, 4, 9])
@pytest.mark.parametrize("share", [FLOAT32, FLOAT64])
def test_by_hand(chunk, share, monkeypatch):
    monkeypatch.setattr(exact, "_SHARE", share)
    gallery = np.array([[1, 0], [0, 1], [0.5, 0.5], [1, 0]], np.float32)
    queries = np.array([[1, 0], [0, 2]], np.float32)
    ids, similarities = rank_exact(queries, gallery, 3, chunk=chunk)
    assert ids.tolist() == [[0, 3, 2], [1, 2, 0]]
    assert similarities.tolist() == [[1, 1, 0.5], [2, 1, 0]]
    assert (ids.dtype, similarities.dtype) == (np.int32, np.float64)
    assert rank_exact(queries, gallery, 3, np.array([0, 1]), chunk=chunk)[0].tolist() == [[3, 2, 1], [2, 0, 3]]


@quick
@given(
    worlds(), st.sampled_from([FLOAT32, 4, FLOAT64]), st.one_of(st.none(), st.integers(1, 60)), st.floats(0, 1),
)  # fmt: skip
def test_equals_the_loops_bit_for_bit(world, share, chunk, deep):
    depth = max(1, round(deep * world.size))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "_SHARE", share)
        ids, similarities = rank_exact(world.queries, world.gallery, depth, world.exclude, world.threads, chunk)
    for q, query in enumerate(world.queries):
        expected = reference.exact_ranking(query, world.gallery, int(world.exclude[q]))[:depth]
        assert ids[q].tolist() == expected
        assert similarities[q].tolist() == [reference.inner_product(query, world.gallery[n]) for n in expected]


@pytest.mark.slow
@quick
@given(worlds())
def test_neither_threads_nor_depth_change_a_result(world):
    ids, similarities = rank_exact(world.queries, world.gallery, world.size, world.exclude, 1)
    depth = (world.size + 1) // 2
    for threads in (2, 3):
        shallow = rank_exact(world.queries, world.gallery, depth, world.exclude, threads)
        assert np.array_equal(shallow[0], ids[:, :depth])
        assert np.array_equal(shallow[1], similarities[:, :depth])


@pytest.mark.parametrize("spread", [0.0, 1e-8, 1e-7, 1e-5, 1.0])
@pytest.mark.parametrize(("count", "depth"), [(1999, 20), (4100, 1000), (300, 75)])
def test_galleries_that_float32_can_hardly_tell_apart(spread, count, depth):
    """Noise from nothing (all one vector) over what float32 loses to what it tells apart, about a few centres."""
    rng = np.random.default_rng(count)
    centres = rng.normal(size=(4, 33))
    gallery = on_grain(centres[rng.integers(0, 4, count)] + spread * rng.normal(size=(count, 33)))
    own = np.array([5, -1, 0, count - 1, -1])
    queries = np.concatenate([gallery[[5, 9, 0, count - 1]], -gallery[:1]])
    for threads, chunk in ((1, None), (2, None), (1, 64), (2, 700)):
        check(queries, gallery, depth, own, threads=threads, chunk=chunk)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([None, 1, 7, 64, 100, 700]))
def test_differences_that_float32_products_cannot_see_decide(seed, depth, chunk):
    # All rows are one direction, moved by some units in the last place: float32 products order them wrongly.
    rng = np.random.default_rng(seed)
    base = rng.normal(size=24).astype(np.float32)
    gallery = np.tile(base, (600, 1)).view(np.int32) + rng.integers(-2, 3, (600, 24), dtype=np.int32)
    gallery = on_grain(np.concatenate([gallery.view(np.float32), -gallery[:100].view(np.float32)]))
    check(on_grain(rng.normal(size=(3, 24))), gallery, depth, chunk=chunk)


@pytest.mark.parametrize("depth", [1, 5, 400])
@pytest.mark.parametrize("chunk", [None, 1, 70, 1000])
def test_many_equal_items_and_one_of_them_left_out(depth, chunk):
    gallery = np.tile(np.array([[1, 0.5]], np.float32), (3000, 1))
    gallery[1234] = [2, 2]
    own = np.array([0, 1, 2999, 1234, -1])
    check(gallery[:5], gallery, depth, own, chunk=chunk)


@pytest.mark.parametrize("queries", [1, 65, 200])
def test_blocks_of_queries_change_nothing(queries, monkeypatch):
    rng = np.random.default_rng(queries)
    gallery, asked = on_grain(rng.normal(size=(600, 16))), on_grain(rng.normal(size=(queries, 16)))
    for size, room in ((1, 1), (32, 600), (100, 10**7)):
        monkeypatch.setattr(exact, "_QUERIES", size)
        monkeypatch.setattr(exact, "_PRODUCTS", room if queries < 100 else 100 * room)
        check(asked, gallery, 90, threads=2)
        check(asked, gallery, 600)


@pytest.mark.parametrize("count", [1, 300])
def test_a_memory_map(tmp_path, count):
    rng = np.random.default_rng(count)
    rows = on_grain(rng.normal(size=(70_000 if count == 1 else 5000, 4)))
    rows.tofile(tmp_path / "rows")
    gallery = np.memmap(tmp_path / "rows", np.float32, "r", shape=rows.shape)
    queries = on_grain(rng.normal(size=(count, 4)))
    heard = []
    expected = by_numpy(queries, rows, 20)
    for chunk in (None, 999):
        found = rank_exact(queries, gallery, 20, threads=2, chunk=chunk, progress=heard.append)
        assert np.array_equal(found[0], expected[0])
        assert np.array_equal(found[1], expected[1])
        assert heard[-1] == 1.0


def test_a_bound_on_the_length_may_be_given_and_may_be_larger(monkeypatch):
    monkeypatch.setattr(exact, "longest_row", lambda gallery: pytest.fail("read the whole gallery"))
    rng = np.random.default_rng(0)
    gallery, queries = on_grain(rng.normal(size=(500, 8))), on_grain(rng.normal(size=(7, 8)))
    for factor in (1, 2, 1e6):
        check(queries, gallery, 20, longest=factor * longest_row(gallery))


def test_vectors_too_long_for_float32_products():
    gallery = on_grain([[1e25, 1], [1e25, 2], [0, 1], [-1e25, 0]])
    assert rank_exact(gallery[:1], gallery, 1)[0].tolist() == [[0]]
    assert rank_exact(gallery[3:], gallery, 1)[0].tolist() == [[3]]
    rng = np.random.default_rng(0)
    rows = on_grain(rng.normal(size=(900, 5)) * 10.0 ** rng.integers(14, 18, (900, 1)))
    for chunk in (None, 100):
        check(rows[:4], rows, 9, np.array([0, -1, 2, 899]), chunk=chunk)


def test_vectors_whose_float32_products_vanish():
    tiny = np.full((200, 2), 2.0**-90, np.float32)
    tiny[33] *= 2
    for chunk in (None, 2):
        check(tiny[:1], tiny, 2, chunk=chunk)


def test_the_best_item_has_the_least_float32_product_where_numbers_are_too_small():
    # In units of 2^-149, float32's smallest number, all others' products are 0.9, which becomes 1; the best one's are
    # 0.45 four times over, which becomes nothing.
    query = np.full((1, 4), 2.0**-75, np.float32)
    others = np.array([[0.9, 2.0**-25, 0, 0]]) * 2.0**-74
    gallery = on_grain(np.concatenate([np.repeat(others, 100, axis=0), np.full((1, 4), 0.45 * 2.0**-74), others]))
    assert rank_exact(query, gallery, 1)[0].tolist() == [[100]]
    check(query, gallery, 3, chunk=60)


def test_vectors_of_lengths_far_apart():
    rng = np.random.default_rng(1)
    rows = on_grain(rng.normal(size=(800, 6)) * 2.0 ** rng.integers(-90, 40, (800, 1)))
    for depth in (1, 10, 800):
        check(rows[:9], rows, depth, chunk=150)


def test_one_item():
    one = np.array([[3, 4]], np.float32)
    check(one, one, 1)
    check(one, np.repeat(one, 2, axis=0), 1, np.array([0]))


@pytest.mark.parametrize("share", [FLOAT32, FLOAT64])
def test_a_similarity_of_nothing_is_a_plain_zero_and_ties_with_its_negative(share, monkeypatch):
    monkeypatch.setattr(exact, "_SHARE", share)
    gallery = np.array([[0, 1], [-0.0, -1], [0, 2], [-0.0, 3]], np.float32)
    for sign in (1, -1):
        ids, similarities = rank_exact(np.array([[sign, 0]], np.float32), gallery, 4)
        assert ids.tolist() == [[0, 1, 2, 3]]
        assert [str(value) for value in similarities[0]] == ["0.0"] * 4


def test_agrees_with_faiss():
    rng = np.random.default_rng(3)
    gallery, queries = (unit_rows([rng.normal(size=(count, 33))], (count, 33), "rows") for count in (700, 40))
    ids, similarities = rank_exact(queries, gallery, 50)
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
    rank_exact(np.tile(gallery, (3, 1)), gallery, 2, threads=2, progress=heard.append)
    assert heard == [0.25, 0.5, 0.75, 1.0]
