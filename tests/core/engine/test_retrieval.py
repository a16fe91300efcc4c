from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.retrieval import COLUMNS, relation, retrieve, to_table
from core.errors import BadInput
from core.hashing import packing
from core.settings import Setting
from tests import reference

SEARCHES = ("exact", "hashed", "hamming", "asymmetric")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def setting(protocol="test-vs-test", multiplier="1.25", name="latent-sigmoid", **more):
    return Setting("semantic", name, 16, multiplier, protocol, "wordnet", **more)


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
@pytest.mark.parametrize("k", [1, 6, 59])
def test_answers_equal_the_loops(engine, protocol, k):
    chosen = setting(protocol)
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    for query in (3, 11, 59):
        own = int(task.exclude[query])
        exact = reference.exact_ranking(task.queries[query], task.gallery, own)
        code = codes.queries.packed[query]
        near = reference.hamming_ranking(code, codes.gallery.packed, own)
        bits = packing.unpack(codes.gallery.packed, 16)
        expected = {
            "exact": exact[:k],
            "hamming": near[:k],
            "hashed": reference.hashed_ranking(task.queries[query], task.gallery, near, "1.25", k),
            "asymmetric": reference.asymmetric_ranking(codes.queries.projections[query], bits, own)[:k],
        }
        found = retrieve(engine.at(chosen), query, k, SEARCHES)
        assert list(found.answers) == list(SEARCHES)
        assert (found.query, found.label) == (query, task.query_labels[query])
        assert found.shortlist == min(task.size, -(-5 * k // 4))
        assert found.lost.tolist() == [n for n in exact[:k] if n not in near[: found.shortlist]]
        for name, answer in found.answers.items():
            assert answer.search == name
            assert answer.ids.tolist() == expected[name], name
            for n, similarity, distance, rank in zip(
                answer.ids, answer.similarities, answer.distances, answer.exact_ranks, strict=True
            ):
                assert similarity == reference.inner_product(task.queries[query], task.gallery[n])
                assert distance == reference.hamming(code, codes.gallery.packed[n])
                assert exact[rank - 1] == n


def test_it_is_what_the_engine_judges(engine):
    chosen = setting(multiplier="1")
    overlap = engine.result("hashed", chosen, (10,)).at("overlap", 10)
    for query in range(0, 60, 7):
        assert 10 - len(retrieve(engine.at(chosen), query, 10).lost) == round(10 * overlap[query])


def test_distances_that_are_capped(engine):
    found = retrieve(engine.at(setting(name="predicted-class")), 0, 20)
    assert set(found.answers["exact"].distances) <= {0, 1}
    assert found.answers["hamming"].distances.tolist() == sorted(found.answers["hamming"].distances)


def test_table(engine, tiny_bundle):
    chosen = setting()
    found = retrieve(engine.at(chosen), 5, 4)
    table = to_table(found, engine.at(chosen))
    assert tuple(table.columns) == COLUMNS
    assert table["search"].tolist() == ["exact"] * 4 + ["hashed"] * 4 + ["hamming"] * 4
    assert table["rank"].tolist() == [1, 2, 3, 4] * 3
    exact = table[table["search"] == "exact"]
    assert exact["index"].tolist() == found.answers["exact"].ids.tolist()
    assert exact["exact_rank"].tolist() == [1, 2, 3, 4]
    labels = tiny_bundle.labels("test")
    assert exact["class"].tolist() == [f"class{labels[n]}" for n in exact["index"]]
    same = [labels[n] == labels[5] for n in exact["index"]]
    assert [text == "same" for text in exact["relation"]] == same


def test_relation():
    superclass_of = np.array([0, 0, 1])
    assert [relation(superclass_of, 0, item) for item in range(3)] == ["same", "superclass", "wrong"]
    assert [relation(None, 0, item) for item in range(3)] == ["same", "wrong", "wrong"]


def test_refusals(engine):
    for query in (-1, 60):
        with pytest.raises(BadInput, match=f"query {query} is outside 0 to 59"):
            retrieve(engine.at(setting()), query, 5)
    for k in (0, 60):
        with pytest.raises(BadInput, match=f"k {k} is outside 1 to 59"):
            retrieve(engine.at(setting()), 0, k)
    with pytest.raises(BadInput, match="asymmetric"):
        retrieve(engine.at(setting(name="random-codes")), 0, 5, SEARCHES)


def test_a_query_is_its_place_in_the_sample(engine):
    chosen = setting(queries=9, seed=2)
    place = 4
    original = int(engine.at(chosen).task.query_index[place])
    sampled, whole = retrieve(engine.at(chosen), place, 7), retrieve(engine.at(setting(seed=2)), original, 7)
    assert np.array_equal(sampled.answers["hashed"].ids, whole.answers["hashed"].ids)
