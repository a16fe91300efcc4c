"""One query as it is timed: stage by stage it gives what a batch gives."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.search.hashed import rerank
from core.settings import Setting
from core.timing.opponents.contender import search_inputs
from core.timing.own_searches import exact_scan, hashed_side

STAGES = ["hash", "scan", "select", "gather and re-rank"]


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
@pytest.mark.parametrize(
    ("name", "bits"),
    [("random-hyperplane", 72), ("itq", 8), ("latent-sigmoid", 16), ("kmeans", 4), ("predicted-class", 4)],
)
@pytest.mark.parametrize(("shortlist", "k"), [(1, 1), (12, 5), (59, 59)])
def test_hashed_search_by_stages(engine, name, bits, protocol, shortlist, k):
    asked = search_inputs(engine, Setting("semantic", name, bits, "2", protocol, "wordnet"), k)
    task, codes, hasher = asked.task, asked.codes, asked.hasher
    near = codes.rank(slice(0, 60), shortlist, task.exclude, 1, scores=False).ids
    expected = rerank(task.queries, task.gallery, near, k, 1)[0]
    search = hashed_side(task, codes, hasher, shortlist, k)
    makes_code = name not in ("latent-sigmoid", "predicted-class")
    for query in (3, 59, 0):
        ids, stages = search(query)
        assert ids.tolist() == expected[query].tolist()
        assert list(stages) == (STAGES if makes_code else STAGES[1:])
        assert all(taken >= 0 for taken in stages.values())


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_exact_search_of_one_query_is_a_stable_sort_of_float64_products(engine, protocol):
    task = engine.at(Setting("semantic", "itq", 8, "2", protocol, "wordnet")).task
    for query in (0, 7, 59):
        keys = -(task.gallery.astype(np.float64) @ task.queries[query].astype(np.float64))
        if task.exclude[query] >= 0:
            keys[task.exclude[query]] = np.inf
        assert exact_scan(task, 9)(query)[0].tolist() == np.argsort(keys, kind="stable")[:9].tolist()
