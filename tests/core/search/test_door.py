"""Every backend keeps the door's promises: its ids and scores are those of plain loops, whatever ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search import settled
from core.search.door import PackedCodes, Vectors
from core.search.faiss_backend import FaissBackend
from core.search.local import LOCAL
from tests.core.search.worlds import on_grain, worlds


class Shallow(FaissBackend):
    """An engine that gives no more than five items: what is deeper is left to the local backend."""

    name = "shallow"

    def open_vectors(self, vectors):
        index = super().open_vectors(vectors)
        index.engine.most = 5
        return index

    def open_codes(self, codes):
        index = super().open_codes(codes)
        index.engine.most = 5
        return index


some = settings(max_examples=60, deadline=None)
BACKENDS = [LOCAL, FaissBackend(), Shallow()]
backends = pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)


def ranking(keys, exclude, depth, allowed):
    """Ids and scores of one query by a plain sort of (key, index): -1 and NaN where there are fewer."""
    found = [n for n in range(len(keys)) if n != exclude and (allowed is None or allowed[n])]
    found = sorted(found, key=lambda n: (keys[n], n))[:depth]
    missing = depth - len(found)
    return [*found, *[-1] * missing], [*(keys[n] for n in found), *[np.nan] * missing]


def check(found, keys, exclude, depth, allowed, sign):
    assert found.ids.dtype == np.int32 and found.scores.dtype == np.float64
    for q, row in enumerate(keys):
        ids, scores = ranking(row, exclude[q], depth, allowed)
        assert found.ids[q].tolist() == ids
        assert np.array_equal(found.scores[q], sign * np.array(scores), equal_nan=True)


def masks(world, data):
    """No filter, or one: of any items, perhaps of none."""
    if data.draw(st.booleans()):
        return None
    return np.array(data.draw(st.lists(st.booleans(), min_size=len(world.gallery), max_size=len(world.gallery))))


@backends
@some
@given(world=worlds(), data=st.data())
def test_vectors_are_ranked_as_plain_loops_rank_them(backend, world, data):
    depth, allowed = data.draw(st.integers(1, len(world.gallery) + 2)), masks(world, data)
    index = backend.open_vectors(Vectors(world.gallery))
    found = index.rank(world.queries, world.exclude, depth, allowed, world.threads)
    keys = -(world.queries.astype(np.float64) @ world.gallery.astype(np.float64).T)
    check(found, keys, world.exclude, depth, allowed, -1)


@backends
@some
@given(world=worlds(), data=st.data())
def test_codes_are_ranked_as_plain_loops_rank_them(backend, world, data):
    depth, allowed = data.draw(st.integers(1, len(world.gallery) + 2)), masks(world, data)
    words, gallery = world.words
    index = backend.open_codes(PackedCodes(world.bits, gallery, world.cap))
    found = index.rank(words, world.exclude, depth, allowed, world.threads)
    apart = np.unpackbits(world.query_codes[:, None] ^ world.gallery_codes[None], axis=2).sum(axis=2, dtype=int)
    keys = apart if world.cap is None else np.minimum(apart, world.cap)
    check(found, keys, world.exclude, depth, allowed, 1)
    alone = index.rank(words, world.exclude, depth, allowed, world.threads, scores=False)
    assert np.array_equal(alone.ids, found.ids) and alone.scores.shape == (len(found.ids), 0)


@backends
@some
@given(world=worlds(), data=st.data())
def test_a_shortlist_is_ranked_again_by_similarity(backend, world, data):
    size = data.draw(st.integers(1, len(world.gallery)))
    depth, rng = data.draw(st.integers(1, size)), np.random.default_rng(0)
    shortlist = np.array([rng.permutation(len(world.gallery))[:size] for _ in world.queries], np.int32)
    found = backend.open_vectors(Vectors(world.gallery)).rerank(world.queries, shortlist, depth, world.threads)
    keys = -(world.queries.astype(np.float64) @ world.gallery.astype(np.float64).T)
    for q, items in enumerate(shortlist):
        allowed = np.isin(np.arange(len(world.gallery)), items)
        ids, scores = ranking(keys[q], -1, depth, allowed)
        assert found.ids[q].tolist() == ids and np.array_equal(-found.scores[q], scores)


@backends
def test_products_that_overflow_float32_are_ranked_too(backend):
    gallery = on_grain([[1e25, 0], [3e25, 0], [2e25, 1e25]])
    found = backend.open_vectors(Vectors(gallery)).rank(gallery, np.array([-1, -1, -1]), 3, threads=1)
    assert found.ids[0].tolist() == [1, 2, 0]


@pytest.mark.parametrize("backend", BACKENDS[1:], ids=lambda backend: backend.name)
def test_many_items_as_near_as_float32_can_tell_are_settled(backend):
    """A thousand rows that differ in their last bits: the engine's own order of them is its rounding's."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=48)
    gallery = on_grain(rows / np.linalg.norm(rows) + 1e-7 * rng.normal(size=(1000, 48)))
    queries, exclude = gallery[:20], np.arange(20)
    found = backend.open_vectors(Vectors(gallery)).rank(queries, exclude, 10, threads=2)
    expected = LOCAL.open_vectors(Vectors(gallery)).rank(queries, exclude, 10)
    assert np.array_equal(found.ids, expected.ids) and np.array_equal(found.scores, expected.scores)


def test_an_engine_is_asked_for_more_until_the_ties_at_the_cut_are_whole(monkeypatch):
    asked = []
    codes = np.array([[0] * 100 + [1] * 50], np.uint64)
    index = FaissBackend().open_codes(PackedCodes(64, codes))
    near = index.engine.near

    def heard(queries, depth, threads):
        asked.append(depth)
        return near(queries, depth, threads)

    monkeypatch.setattr(index.engine, "near", heard)
    monkeypatch.setattr(settled, "_SPARE", 4)
    found = index.rank(np.zeros((1, 1), np.uint64), np.array([-1]), 3)
    assert found.ids.tolist() == [[0, 1, 2]]
    assert asked == [8, 16, 32, 64, 128]  # 101 items show that the hundred equal ones are all there
