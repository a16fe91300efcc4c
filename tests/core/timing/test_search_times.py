"""Times of the summary: one for each search asked for."""

from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.search.registry import get_backend
from core.settings import Setting
from core.timing.opponents.contender import search_inputs
from core.timing.search_times import search_times
from tests.core.search.engines.registered import TEXT, register


@pytest.mark.parametrize("searches", [("exact", "hashed", "hamming", "asymmetric"), ("hamming",), ("exact",)])
def test_each_search_has_a_time(tiny_bundle, searches):
    setting = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
    times = search_times(Engine(tiny_bundle), setting, 5, searches, runs=3)
    assert tuple(times) == searches
    assert all(0 < time < 1000 for time in times.values())


def test_whoever_ranks_elsewhere_this_projects_own_searches_are_timed(tiny_bundle, monkeypatch):
    engine = register(monkeypatch)
    setting = Setting("semantic", "itq", 16, "2", "test-vs-test", "wordnet")
    outside = Engine(tiny_bundle, backend=get_backend(TEXT))
    times = search_times(outside, setting, 5, ("exact", "hashed", "hamming"), runs=3)
    assert len(times) == 3
    inputs = search_inputs(outside, setting, 5)
    ids = inputs.searcher(1).hashed(slice(0, 9), inputs.shortlist, 5).ids
    assert engine.asked == 0
    assert (ids == outside.at(setting).top_ids("hashed", 5, slice(0, 9))).all()
    assert engine.asked > 0
