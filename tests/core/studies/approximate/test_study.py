"""Approximate indexes: one that finds everything has exact search's numbers, one that misses half has worse ones."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.search.engines.engine import ApproximateIndex, EngineError
from core.settings import Setting
from core.studies.approximate.study import BY_CODES, BY_VECTORS, RERANKED, by_build, study
from tests.core.studies.approximate.loaded import KnownEngine, load

ALL, HALF = ApproximateIndex("ALL"), ApproximateIndex("HALF", {"lists": 4}, {"probes": 2})
METRICS = ("overlap", "ap", "ap_source", "ahp", "ndcg_hierarchical")


def setting(hash_name="random-hyperplane", protocol="test-vs-test", multiplier="2"):
    return Setting("semantic", hash_name, 16, multiplier, protocol, "wordnet")


@pytest.fixture
def at(tiny_bundle):
    return Engine(tiny_bundle, 1).at(setting())


def measured(server, at, k, of, *indexes, **options):
    found = study(server, at, k, of, indexes, clients=(), **options)
    return {each.search: each for each in found.found}


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
def test_an_index_that_finds_everything_has_exact_search_s_numbers(tiny_bundle, protocol):
    at = Engine(tiny_bundle, 1).at(setting(protocol=protocol))
    server = load(KnownEngine(), at)
    found = measured(server, at, 9, "vectors", ALL)[BY_VECTORS]
    exact = at.result("exact", [9])
    for metric in METRICS:
        assert np.array_equal(found.result.at(metric, 9), exact.at(metric, 9)), metric
    assert found.result.mean("overlap", 9) == 1
    assert found.incomplete == 0


def test_codes_that_are_all_found_have_the_numbers_of_hamming_and_hashed_search(at):
    found = measured(load(KnownEngine(), at), at, 9, "codes", ALL)
    for name, own in ((BY_CODES, "hamming"), (RERANKED, "hashed")):
        for metric in METRICS:
            assert np.array_equal(found[name].result.at(metric, 9), at.result(own, [9]).at(metric, 9)), (name, metric)
    assert (found[BY_CODES].needed, found[RERANKED].needed) == (9, 18)


def test_what_is_missed_costs_recall_and_quality(at):
    found = measured(load(KnownEngine(), at), at, 9, "vectors", HALF)[BY_VECTORS]
    exact, own = at.rankings.exact(9, slice(None))[:, :9], at.task.exclude
    even = (exact % 2 == 0).sum(axis=1) / 9
    assert (own >= 0).all()
    assert np.array_equal(found.result.at("overlap", 9), even)
    assert found.result.mean("ap", 9) < at.result("exact", [9]).mean("ap", 9)


def test_places_that_nothing_fills_are_misses_and_are_counted(at):
    index = ApproximateIndex("FEW", {}, {"found": 4})
    server = load(KnownEngine(), at)
    found = measured(server, at, 9, "vectors", index)[BY_VECTORS]
    assert found.incomplete == 60
    exact = at.result("exact", [3, 4, 9])
    hits = found.result.at("precision", 9) * 9
    # Four are found, of which one may be the query itself.
    assert (hits >= exact.at("precision", 3) * 3 - 1e-9).all()
    assert (hits <= exact.at("precision", 4) * 4 + 1e-9).all()
    assert (found.result.at("ndcg_hierarchical", 9) <= exact.at("ndcg_hierarchical", 9) + 1e-12).all()
    whole = measured(server, at, 9, "codes", ApproximateIndex("FEW", {}, {"found": 12}))
    assert whole[BY_CODES].incomplete == 0
    assert whole[RERANKED].incomplete == 60  # 12 of the shortlist's 18
    none = measured(server, at, 9, "codes", ApproximateIndex("FEW", {}, {"found": 0}))
    assert none[RERANKED].result.mean("ap", 9) == 0
    assert none[RERANKED].result.mean("overlap", 9) == 0


def test_the_query_s_own_item_is_asked_for_in_addition_and_dropped(at, tiny_bundle):
    server = load(KnownEngine(), at)
    measured(server, at, 9, "vectors", ALL)
    assert {depth for *_, depth in server.searched} == {10}
    assert max(count for _, _, count, _ in server.searched) == server.batch
    other = Engine(tiny_bundle, 1).at(setting(protocol="test-vs-train"))
    server = load(KnownEngine(), other)
    measured(server, other, 9, "vectors", ALL)
    assert {depth for *_, depth in server.searched} == {9}


def test_indexes_that_differ_in_their_search_share_one_build(at):
    server, says = load(KnownEngine(), at), []
    more = ApproximateIndex("HALF", {"lists": 4}, {"probes": 3})
    found = study(server, at, 5, "vectors", [HALF, ALL, more], (1,), 5, lambda share, text: says.append((share, text)))
    assert server.built == [("vectors", "HALF", {"lists": 4}), ("vectors", "ALL", {})]
    assert [dict(each.index.search) for each in found.found] == [{"probes": 2}, {"probes": 3}, {}]
    assert found.found[0].build_s == found.found[1].build_s
    assert {kind: search for kind, search, *_ in server.searched if kind == "HALF"} == {"HALF": {"probes": 3}}
    shares = [share for share, _ in says]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert any("Built HALF" in text for _, text in says)
    assert by_build([HALF, ALL, more]) == [[HALF, more], [ALL]]


def test_what_cannot_work_is_refused_before_anything_is_built(at, tiny_bundle):
    server = load(KnownEngine(), at)
    with pytest.raises(BadInput, match=r"unknown index of vectors in memory 'HALFF': .*did you mean 'HALF'"):
        study(server, at, 5, "vectors", [ALL, ApproximateIndex("HALFF")])
    with pytest.raises(BadInput, match="k 61 is outside 1 to 59"):
        study(server, at, 61, "vectors", [ALL])
    with pytest.raises(EngineError, match="holds no collection"):
        study(KnownEngine(), at, 5, "vectors", [ALL])
    with pytest.raises(BadInput, match="'predicted-class' is not compared by the number of bits"):
        study(server, Engine(tiny_bundle, 1).at(setting("predicted-class")), 5, "codes", [ALL])
    with pytest.raises(BadInput, match="no index is named"):
        study(server, at, 5, "vectors", [])
    server.deepest = 10
    with pytest.raises(EngineError, match="returns at most 10 items, 11 are needed"):
        study(server, at, 10, "vectors", [ALL])
    assert server.built == []
    server.deepest, server.down = None, True
    with pytest.raises(EngineError, match="does not answer"):
        study(server, at, 5, "vectors", [ALL])


def test_ids_that_do_not_exist_are_refused_and_repeats_count_once(at):
    server = load(KnownEngine(), at)
    server.search = lambda collection, index, queries, depth: (np.full((len(queries), depth), 60), None)
    with pytest.raises(EngineError, match="returned the id 60, expected 0 to 59"):
        measured(server, at, 5, "vectors", ALL)
    server.search = lambda collection, index, queries, depth: (np.full((len(queries), depth), 7), None)
    found = measured(server, at, 5, "vectors", ALL)[BY_VECTORS]
    assert found.incomplete == 60
    assert found.result.at("overlap", 5).max() <= 0.2
