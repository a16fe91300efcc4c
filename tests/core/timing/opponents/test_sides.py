"""Every side gives the right answers, alone and in batches, whatever its tie order; wrong ones are told."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from core.engine.engine import Engine
from core.runtime.pinning import pinned
from core.settings import Setting
from core.timing.opponents.checks import DISTANCES, IDS, RERANKED, SIMILARITIES, Reference, could_be_reranked
from core.timing.opponents.contender import depth_to_ask, drop_self, search_inputs
from core.timing.opponents.faiss_binary import hamming_faiss
from core.timing.opponents.registry import SIDES, sides_of
from tests import reference as plain

K = 7
SEARCHES = ("exact", "hashed", "hamming")
ALLOWED = {"exact": {IDS, SIMILARITIES}, "hashed": {IDS, RERANKED}, "hamming": {IDS, DISTANCES}}


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def inputs(engine, protocol="test-vs-test", name="random-hyperplane", bits=16, k=K):
    return search_inputs(engine, Setting("semantic", name, bits, "2", protocol, "wordnet"), k)


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
@pytest.mark.parametrize(
    ("name", "bits"), [("random-hyperplane", 72), ("random-hyperplane", 8), ("latent-sigmoid", 16)]
)
def test_every_side_is_right(engine, protocol, name, bits):
    asked = inputs(engine, protocol, name, bits)
    with pinned(1):
        sides = sides_of(asked, SEARCHES, 20, 1, every=True)
        assert {side.name for side in sides} == set(SIDES) - {"asymmetric"}
        for side in sides:
            many, stages = side.many(slice(0, 20))
            one = np.stack([side.one(q)[0].copy() for q in range(20)])
            assert all(taken >= 0 for taken in stages.values())
            for found in (many, one):
                right, by = Reference(asked, slice(0, 20)).check(side.search, side.own, found)
                assert right, side.name
                assert by in ({IDS} if side.own else ALLOWED[side.search])


def test_sides_of_other_rows_and_more_threads(engine):
    asked = inputs(engine)
    with pinned(2):
        for side in sides_of(asked, SEARCHES, 40, 2, every=True):
            assert Reference(asked, slice(20, 60)).check(side.search, side.own, side.many(slice(20, 60))[0])[0]


def test_the_excluded_one_is_dropped():
    ids = np.array([[4, 1, 2], [3, 4, 5], [6, 7, 8], [9, 1, 0]])
    exclude = np.array([4, 5, -1, 1])
    assert drop_self(ids, exclude, 2).tolist() == [[1, 2], [3, 4], [6, 7], [9, 0]]
    assert [drop_self(ids[q : q + 1], exclude[q : q + 1], 2).tolist()[0] for q in range(4)] == [
        [1, 2], [3, 4], [6, 7], [9, 0]
    ]  # fmt: skip
    assert depth_to_ask(exclude, 2) == 3
    assert drop_self(ids[:, :2], np.full(4, -1), 2).tolist() == ids[:, :2].tolist()
    assert depth_to_ask(np.full(4, -1), 2) == 2


@pytest.mark.parametrize("name", ["predicted-class", "kmeans"])
def test_no_binary_index_where_codes_are_compared_otherwise(engine, name):
    asked = inputs(engine, name=name, bits=4)
    with pinned(1):
        names = {side.name for side in sides_of(asked, SEARCHES, 1, 1, every=True)}
    assert {"exact-torch", "hashed", "hamming"} <= names
    assert not names & {"hashed-faiss", "hashed-source", "hamming-faiss", "hamming-argsort"}


def test_light_sides_alone_by_default(engine):
    with pinned(1):
        names = [side.name for side in sides_of(inputs(engine), ("exact", "hashed", "hamming", "asymmetric"))]
    assert names == ["exact-blas", "exact-faiss", "exact-scan", "hashed", "hamming", "asymmetric"]


@pytest.mark.parametrize("search", SEARCHES)
def test_wrong_answers_are_told(engine, search):
    asked = inputs(engine, bits=72)
    reference = Reference(asked, slice(0, 4))
    right = reference.ids(search)
    assert reference.check(search, False, right) == (True, IDS)
    doubled, own, far = right.copy(), right.copy(), right.copy()
    doubled[1, 0] = doubled[1, 1]
    own[2, 3] = asked.task.exclude[2]
    exact = plain.exact_ranking(asked.task.queries[3], asked.task.gallery, int(asked.task.exclude[3]))
    packed = asked.codes.gallery.packed
    near = plain.hamming_ranking(asked.codes.queries.packed[3], packed, int(asked.task.exclude[3]))
    far[3, -1] = next(n for n in reversed(exact if search == "exact" else near) if n not in right[3])
    for wrong in (doubled, own, far):
        assert not reference.check(search, False, wrong)[0]
    assert not reference.check(search, True, far)[0]


def test_a_shortlist_s_ties_may_fall_either_way():
    """Distances 0 1 1 1 2 with similarities .1 .9 .5 .4 .8: a shortlist of 3 takes item 0 and two of 1, 2, 3."""

    class Line:
        queries = np.array([[1.0]], np.float32)
        gallery = np.array([[0.1], [0.9], [0.5], [0.4], [0.8]], np.float32)
        exclude = np.array([-1])

    apart, shortlist = np.array([0, 1, 1, 1, 2]), np.array([0, 1, 1])
    allowed = [[1, 2], [1, 3], [2, 3]]
    for found in ([1, 2], [1, 3], [2, 3], [1, 4], [4, 1], [2, 1], [1, 0], [3, 0]):
        assert could_be_reranked(Line, 0, np.array(found), apart, shortlist, 1e-6) == (found in allowed), found


def test_faiss_takes_its_fastest_mode(engine):
    with pinned(1):
        one, many = (hamming_faiss(inputs(engine), batch) for batch in (1, 60))
    assert one.mode in {"heap, block of 32", "counting, block of 32"}
    assert many.mode.split(", ")[1] in {"block of 32", "block of 4096"}


@pytest.mark.parametrize(("bits", "size"), [(8, 4), (16, 4), (48, 8), (64, 8), (72, 16), (128, 16)])
def test_codes_are_padded_to_a_size_that_faiss_is_fast_at(engine, monkeypatch, bits, size):
    given, found = [], []

    class Recording(faiss.IndexBinaryFlat):
        def add(self, codes):
            given.append(codes.shape[1])
            super().add(codes)

        def search(self, codes, depth):
            given.append(codes.shape[1])
            found.append(super().search(codes, depth))
            return found[-1]

    asked = inputs(engine, "test-vs-train", bits=bits)
    with monkeypatch.context() as patched, pinned(1):
        patched.setattr(faiss, "IndexBinaryFlat", Recording)
        side = hamming_faiss(asked, 20)
        ids = side.many(slice(0, 20))[0]
        side.one(0)
    assert set(given) == {size} and side.bytes_per_image == size

    plain_index = faiss.IndexBinaryFlat(bits)
    plain_index.add(np.ascontiguousarray(asked.codes.gallery.packed))
    plain_index.use_heap = side.mode.startswith("heap")
    distances, plain_ids = plain_index.search(np.ascontiguousarray(asked.codes.queries.packed[:20]), K)
    assert np.array_equal(ids, plain_ids)
    assert np.array_equal(found[-2][0], distances)
    assert np.array_equal(found[-1][0], distances[:1])
