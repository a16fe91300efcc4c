"""Loading: whatever happens in the middle, the same call ends with every row there once."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.building.gallery_parts import Part
from core.building.load_engine import drop_part, load_part
from core.search.door import PackedCodes, Vectors
from core.search.engines.collections import code_bytes, collection_of_codes, collection_of_vectors
from core.search.engines.engine import Collection, EngineError
from tests.core.search.engines.memory_engine import MemoryEngine


class Failing(MemoryEngine):
    """Fails at the calls of these numbers, before, half way through (an insert) or after what was asked."""

    def __init__(self, faults=()):
        super().__init__()
        self.faults, self.calls, self.inserts, self.finished = dict(faults), 0, [], 0

    def _fail_or(self, act):
        self.calls += 1
        when = self.faults.get(self.calls)
        if when in ("before", "half"):
            raise EngineError("memory does not answer at 'nowhere': start it")
        made = act()
        if when == "after":
            raise EngineError("memory does not answer at 'nowhere': start it")
        return made

    def create(self, collection):
        self._fail_or(lambda: super(Failing, self).create(collection))

    def insert(self, collection, ids, rows):
        assert len(ids) <= self.rows
        self.inserts.append(len(ids))
        if self.faults.get(self.calls + 1) == "half":
            super().insert(collection, ids[::2], rows[::2])
        self._fail_or(lambda: super(Failing, self).insert(collection, ids, rows))

    def present(self, collection, first, stop):
        return self._fail_or(lambda: super(Failing, self).present(collection, first, stop))

    def finish(self, collection):
        self.finished += 1
        self._fail_or(lambda: super(Failing, self).finish(collection))


def part_of(count, kind="vectors"):
    random = np.random.default_rng(count)
    if kind == "vectors":
        rows = random.normal(size=(count, 5)).astype(np.float32)
        return Part("a b", collection_of_vectors(Vectors(rows, label="a b")), rows)
    words = random.integers(0, 2**20, (1, count)).astype(np.uint64)
    collection = collection_of_codes(PackedCodes(20, words, None, "a b itq"))
    return Part("a b itq", collection, code_bytes(words, collection))


def assert_whole(engine, part):
    """Exactly the rows of the part, each under its id."""
    kept = engine.stored[part.collection.name][1]
    assert sorted(kept) == list(range(part.collection.count))
    np.testing.assert_array_equal(np.stack([kept[i] for i in range(len(kept))]), part.rows)


def ignore(_):
    pass


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(1, 120),
    kind=st.sampled_from(["vectors", "codes"]),
    faults=st.dictionaries(st.integers(1, 25), st.sampled_from(["before", "half", "after"]), max_size=8),
)
def test_loads_that_fail_anywhere_end_with_exactly_all_rows_when_they_are_repeated(count, kind, faults):
    engine, part = Failing(faults), part_of(count, kind)
    for _ in range(len(faults) + 1):
        try:
            load_part(engine, part, ignore)
            break
        except EngineError as error:
            assert re.search(
                r"start it; the rows of 'bh_.*' that are there stay, and the same command goes on", str(error)
            )
            assert "\n" not in str(error)
    else:
        raise AssertionError("a load without a fault must succeed")
    assert_whole(engine, part)  # MemoryEngine asserts that no row is inserted twice


@pytest.mark.parametrize("kind", ["vectors", "codes"])
def test_a_load_inserts_in_batches_tells_how_far_it_is_and_finishes(kind):
    engine, part, told = Failing(), part_of(40, kind), []
    assert load_part(engine, part, told.append) == 40
    assert (engine.inserts, told, engine.finished) == ([16, 16, 8], [16, 16, 8], 1)
    assert_whole(engine, part)


def test_a_second_load_inserts_what_is_missing_alone():
    engine, part = Failing(), part_of(40)
    load_part(engine, part, ignore)
    kept = engine.stored[part.collection.name][1]
    for lost in (3, 17, 39):
        del kept[lost]
    engine.inserts.clear()
    assert load_part(engine, part, ignore) == 3
    assert engine.inserts == [1, 1, 1]
    assert load_part(engine, part, ignore) == 0
    assert_whole(engine, part)


def test_a_collection_of_that_name_with_other_data_is_refused_and_left_alone():
    engine, part = Failing(), part_of(40)
    name = part.collection.name
    engine.create(Collection(name, "vectors", 7, 40))
    with pytest.raises(EngineError, match=r"holds vectors of width 7, expected vectors of 5: drop it .*--drop"):
        load_part(engine, part, ignore)
    engine.create(Collection(name, "codes", 5, 40))
    with pytest.raises(EngineError, match=r"holds codes of width 5, expected vectors of 5: drop it .*--drop"):
        load_part(engine, part, ignore)
    engine.create(part.collection)
    MemoryEngine.insert(engine, part.collection, np.arange(41), np.zeros((41, 5), np.float32))
    with pytest.raises(EngineError, match=r"holds 41 rows, more than the 40 of this bundle: drop it .*--drop"):
        load_part(engine, part, ignore)
    assert engine.inserts == []


def test_rows_that_are_not_the_bundles_are_found_by_reading_them_back():
    engine, part = Failing(), part_of(40)
    load_part(engine, part, ignore)
    engine.stored[part.collection.name][1][21] += 1
    with pytest.raises(EngineError, match=r"holds other rows than this bundle: drop it"):
        load_part(engine, part, ignore)


def test_an_engine_that_loses_rows_without_a_word_is_found_by_their_number():
    class Forgetful(Failing):
        def finish(self, collection):
            del self.stored[collection.name][1][39]

    with pytest.raises(EngineError, match=r"holds 39 of the 40 rows .*load it"):
        load_part(Forgetful(), part_of(40), ignore)


def test_dropping_says_whether_there_was_one():
    engine, part = Failing(), part_of(40)
    assert not drop_part(engine, part)
    load_part(engine, part, ignore)
    assert drop_part(engine, part)
    assert part.collection.name not in engine.stored
