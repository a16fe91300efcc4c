"""One query as it is timed: a call for each stage or one for all give the same, under the same names."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine import Engine
from core.opponents.side import contest_of
from core.search import clock
from core.search.hashed import rerank
from core.settings import Setting
from core.timed_searches import hashed_side

STAGES = ["hash", "scan", "select", "gather and re-rank"]


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
@pytest.mark.parametrize(("name", "bits"), [("random-hyperplane", 72), ("itq", 8), ("pca-sign", 16)])
@pytest.mark.parametrize(("shortlist", "k"), [(1, 1), (12, 5), (59, 59)])
def test_hashed_search_in_one_call_or_by_stages(engine, monkeypatch, name, bits, protocol, shortlist, k, readable):
    monkeypatch.setattr(clock, "READABLE", clock.READABLE and readable)
    asked = contest_of(engine, Setting("semantic", name, bits, "2", protocol, "wordnet"), k)
    space, codes, hasher = asked.space, asked.codes, asked.hasher
    assert (codes.in_one_call(space, shortlist, k, hasher) is not None) == clock.READABLE
    near = codes.near_ids(slice(0, 60), shortlist, space.exclude, 1)
    expected = rerank(space.queries, space.gallery, near, k, 1)[0]
    search = hashed_side(space, codes, hasher, shortlist, k)
    for query in (3, 59, 0):
        ids, stages = search(query)
        assert ids.tolist() == expected[query].tolist()
        assert list(stages) == STAGES
        assert all(taken >= 0 for taken in stages.values())


@pytest.mark.parametrize(("name", "bits"), [("latent-sigmoid", 16), ("kmeans", 4), ("predicted-class", 4)])
def test_by_stages_where_no_kernel_does_all(engine, name, bits):
    asked = contest_of(engine, Setting("semantic", name, bits, "2", "test-vs-test", "wordnet"), 5)
    assert asked.codes.in_one_call(asked.space, 10, 5, asked.hasher) is None
    ids, stages = hashed_side(asked.space, asked.codes, asked.hasher, 10, 5)(7)
    near = asked.codes.near_ids(slice(7, 8), 10, asked.space.exclude[7:8], 1)
    expected = rerank(asked.space.queries[7:8], asked.space.gallery, near, 5, 1)[0][0]
    assert np.array_equal(ids, expected)
    assert list(stages) == (STAGES if name == "kmeans" else STAGES[1:])
