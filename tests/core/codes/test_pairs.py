"""Every distance keeps the same promises: rank, one query at a time, distances of what is shown, levels."""

from __future__ import annotations

import numpy as np
import pytest

from core.codes.distances import DISTANCES, distance_of, distance_title
from core.engine.engine import Engine
from core.errors import BadInput
from core.hashing.registry import HASHES
from core.timing.query_hashing import query_hash
from tests.core.codes.worlds import OTHERS, SETTINGS, distances, ranking, setting

KINDS = list(SETTINGS)
PROTOCOLS = ["test-vs-test", "test-vs-train"]


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 2)


def test_every_hash_has_a_distance_and_a_title():
    assert {info.distance for info in HASHES.values()} == set(DISTANCES) - {"own"}  # which is for those to come
    assert distance_title("itq") == ("H", "Hamming distance")
    assert distance_title("predicted-class") == ("D", "code distance")
    assert distance_title("kmeans") == ("C", "place of the cell")
    assert [name for name in HASHES if not distance_of(name).whole] == ["pq", "rabitq"]
    assert [name for name in HASHES if not distance_of(name).by_hamming] == ["kmeans", "pq", "rabitq"]
    with pytest.raises(BadInput, match="unknown hash"):
        distance_of("nope")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", KINDS)
def test_rank_is_what_the_loops_give(engine, kind, protocol):
    chosen = setting(kind, protocol)
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    found = codes.rank(slice(0, 60), task.size, task.exclude, 2)
    for query in range(60):
        apart = distances(engine, chosen, query)
        assert found.ids[query].tolist() == ranking(apart, task.exclude[query])
        assert np.allclose(found.scores[query], apart[found.ids[query]], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_depth_and_threads_change_nothing(engine, kind):
    chosen = setting(kind)
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    whole = codes.rank(slice(0, 60), task.size, task.exclude, 1)
    part = codes.rank(slice(7, 31), 13, task.exclude[7:31], 3)
    assert np.array_equal(codes.rank(slice(7, 31), 13, task.exclude[7:31], 3, scores=False).ids, part.ids)
    assert np.array_equal(part.ids, whole.ids[7:31, :13])
    assert np.array_equal(part.scores, whole.scores[7:31, :13])


@pytest.mark.parametrize("kind", KINDS)
def test_distances_of_what_is_shown(engine, kind):
    chosen = setting(kind)
    codes = engine.at(chosen).codes
    ids = np.random.default_rng(0).integers(0, 60, (5, 2, 3))
    found = codes.distances(slice(20, 25), ids)
    assert found.dtype == (np.float64 if kind in ("lookup", "estimate") else np.int64)
    for place, query in enumerate(range(20, 25)):
        assert np.allclose(found[place], distances(engine, chosen, query)[ids[place]], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("hashed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_one_query_at_a_time_gives_the_same(engine, kind, hashed):
    chosen = setting(kind, "test-vs-test")
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    hasher = query_hash(engine, chosen) if hashed else None
    assert (hasher is not None) == (hashed and kind == "hamming")
    scanner = codes.scanner(9, hasher)
    assert scanner.makes_code == (kind in OTHERS or hasher is not None)
    expected = codes.rank(slice(0, 60), 9, task.exclude, 1).ids
    for query in (3, 59, 0):
        scanner.scan(scanner.prepare(query))
        assert scanner.select(int(task.exclude[query])).tolist() == expected[query].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_codes_of_queries_made_anew_give_the_same(engine, kind):
    chosen = setting(kind)
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    again = codes.encoded(task.queries[:11].copy(), query_hash(engine, chosen))
    found, expected = (pair.rank(slice(0, 11), 20, task.exclude[:11], 1).ids for pair in (again, codes))
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("depth", [1, 20, None])
@pytest.mark.parametrize("kind", ["hamming", "capped", "cells"])
def test_levels_by_counting(engine, kind, depth, protocol):
    chosen = setting(kind, protocol)
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    every, relevant = codes.levels(task.query_labels, task.gallery_labels, task.exclude, depth or task.size, 2)
    assert every.dtype == relevant.dtype == np.int32
    for query in range(60):
        apart, same = distances(engine, chosen, query).astype(int), task.gallery_labels == task.query_labels[query]
        kept = np.arange(len(apart)) != task.exclude[query]
        for found, counted in ((every[query], apart[kept]), (relevant[query], apart[kept & same])):
            expected = np.bincount(counted, minlength=len(found))
            known = int(np.searchsorted(every[query].cumsum(), depth or task.size)) + 1
            assert found[:known].tolist() == expected[:known].tolist()
    if depth is None:
        assert (every.sum(axis=1) == task.size).all()


def test_levels_of_cells_end_where_the_depth_is_reached(engine):
    chosen = setting("cells", "test-vs-train")
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    labels = (task.query_labels, task.gallery_labels, task.exclude)
    shallow, deep = (codes.levels(*labels, depth, 1)[0] for depth in (5, task.size))
    assert shallow.shape[1] < deep.shape[1] == 16
    assert (shallow.sum(axis=1) >= 5).all()


@pytest.mark.parametrize("kind", ["lookup", "estimate"])
def test_real_distances_have_no_levels(engine, kind):
    task = engine.at(setting(kind)).task
    labels = (task.query_labels, task.gallery_labels, task.exclude)
    assert engine.at(setting(kind)).codes.levels(*labels, 5, 1) is None
    assert engine.at(setting(kind)).levels() is None


@pytest.mark.parametrize("kind", OTHERS)
def test_no_asymmetric_search_without_real_values(engine, kind):
    with pytest.raises(BadInput, match="has no real values: asymmetric search cannot use it"):
        engine.result("asymmetric", setting(kind), (1,))


@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_counted(engine, kind):
    codes = engine.at(setting(kind)).codes
    assert codes.nbytes >= codes.queries.nbytes
    assert codes.bits == SETTINGS[kind][1]
