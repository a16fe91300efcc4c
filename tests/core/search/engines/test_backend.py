"""An engine's backend: exact whatever the engine's ties, and without the engine still right where that is allowed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.door import PackedCodes, Vectors
from core.search.engines.backend import EngineBackend
from core.search.engines.collections import code_bytes, collection_of_codes, collection_of_vectors
from core.search.engines.engine import EngineError
from core.search.local import LOCAL
from tests.core.search.engines.memory_engine import MemoryEngine
from tests.core.search.worlds import worlds


def loaded(vectors, codes, engine=None):
    """An engine that holds both."""
    engine = engine or MemoryEngine()
    of_vectors, of_codes = collection_of_vectors(vectors), collection_of_codes(codes)
    for collection, rows in ((of_vectors, vectors.rows), (of_codes, code_bytes(codes.words, of_codes))):
        engine.create(collection)
        engine.insert(collection, np.arange(len(rows)), rows)
    return engine


def named(world):
    return Vectors(world.gallery, label="a b"), PackedCodes(world.bits, world.words[1], world.cap, "a b itq")


@settings(max_examples=60, deadline=None)
@given(world=worlds(), data=st.data())
def test_it_answers_as_the_local_backend_does(world, data):
    vectors, codes = named(world)
    engine = loaded(vectors, codes)
    engine.deepest = data.draw(st.sampled_from([None, 3, len(world.gallery)]))
    backend = EngineBackend(engine)
    depth = data.draw(st.integers(1, len(world.gallery) + 2))
    words = world.words[0]
    asked = (world.queries, world.exclude, depth)
    found, right = (of.open_vectors(vectors).rank(*asked) for of in (backend, LOCAL))
    assert np.array_equal(found.ids, right.ids)
    assert np.array_equal(found.scores, right.scores, equal_nan=True)
    found, right = (of.open_codes(codes).rank(words, world.exclude, depth) for of in (backend, LOCAL))
    assert np.array_equal(found.ids, right.ids)
    assert np.array_equal(found.scores, right.scores, equal_nan=True)
    if engine.deepest is None:
        assert engine.asked and backend.asked and not backend.notes


def world_of(count=40):
    random = np.random.default_rng(5)
    vectors = Vectors(random.integers(-3, 4, (count, 6)).astype(np.float32), label="semantic test")
    codes = PackedCodes(16, random.integers(0, 2**16, (1, count)).astype(np.uint64), None, "semantic test itq 16")
    return vectors, codes


def test_what_has_no_label_is_searched_here():
    backend = EngineBackend(MemoryEngine())
    vectors, codes = world_of()
    assert backend.open_vectors(Vectors(vectors.rows)).rank(vectors.rows[:2], np.array([-1, -1]), 3).ids.shape == (2, 3)
    assert backend.open_codes(PackedCodes(16, codes.words)).rank(codes.words[:, :2], np.array([-1, -1]), 3).ids.shape
    assert backend.asked == 0


def test_names_tell_data_apart():
    vectors, codes = world_of()
    first = collection_of_vectors(vectors)
    changed = vectors.rows.copy()
    changed[17, 3] += 1
    assert first.name.startswith("bh_semantic_test_")
    assert len(first.name) <= 63
    assert collection_of_vectors(Vectors(changed, label="semantic test")).name != first.name
    assert collection_of_vectors(Vectors(vectors.rows.copy(), label="semantic test")) == first
    assert collection_of_codes(codes).width == 16
    assert (
        collection_of_codes(PackedCodes(12, codes.words, None, "x")).name
        != collection_of_codes(PackedCodes(16, codes.words, None, "x")).name
    )


def test_data_that_is_not_there_whole_is_refused():
    vectors, codes = world_of()
    engine = MemoryEngine()
    backend = EngineBackend(engine)
    with pytest.raises(EngineError, match=r"holds no collection 'bh_semantic_test_.*load it"):
        backend.open_vectors(vectors)
    engine = loaded(vectors, codes)
    of_vectors, of_codes = collection_of_vectors(vectors), collection_of_codes(codes)
    del engine.stored[of_vectors.name][1][39]
    with pytest.raises(EngineError, match="holds 39 of the 40 rows"):
        EngineBackend(engine).open_vectors(vectors)
    engine.stored[of_codes.name][1][0] = np.array([255, 254], np.uint8)
    with pytest.raises(EngineError, match="holds other rows than this bundle"):
        EngineBackend(engine).open_codes(codes)


def test_with_fall_back_nothing_is_lost_and_it_is_said():
    vectors, codes = world_of()
    engine = loaded(vectors, codes)
    backend = EngineBackend(engine, fall_back=True)
    indexes = backend.open_vectors(vectors), backend.open_codes(codes)
    engine.down = True
    none = np.array([-1, -1])
    right = LOCAL.open_vectors(vectors).rank(vectors.rows[:2], none, 5)
    assert np.array_equal(indexes[0].rank(vectors.rows[:2], none, 5).ids, right.ids)
    right = LOCAL.open_codes(codes).rank(codes.words[:, :2], none, 5)
    assert np.array_equal(indexes[1].rank(codes.words[:, :2], none, 5).ids, right.ids)
    assert list(backend.notes) == ["memory does not answer at 'nowhere': start it; searched in this process"]
    engine.down = False
    indexes[1].rank(codes.words[:, :2], none, 5)
    assert backend.asked == 0  # left alone, as each attempt may take seconds
    again = EngineBackend(engine, fall_back=True)
    assert np.array_equal(again.open_codes(codes).rank(codes.words[:, :2], none, 5).ids, right.ids)
    assert (again.asked, again.notes) == (2, {})
    with pytest.raises(EngineError, match="does not answer"):
        engine.down = True
        EngineBackend(engine).open_vectors(vectors)


def test_rankings_deeper_than_the_engine_gives_are_made_here_and_that_is_said():
    vectors, codes = world_of()
    engine = loaded(vectors, codes)
    engine.deepest = 10
    backend = EngineBackend(engine)
    none = np.array([-1, -1])
    found = backend.open_vectors(vectors).rank(vectors.rows[:2], none, 20)
    assert np.array_equal(found.ids, LOCAL.open_vectors(vectors).rank(vectors.rows[:2], none, 20).ids)
    assert list(backend.notes) == ["memory returns at most 10 items: rankings that need more are made in this process"]
    assert backend.asked == 0
