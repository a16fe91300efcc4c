"""Times of the summary: one for each search asked for."""

from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.settings import Setting
from core.timing.search_times import search_times


@pytest.mark.parametrize("searches", [("exact", "hashed", "hamming", "asymmetric"), ("hamming",), ("exact",)])
def test_each_search_has_a_time(tiny_bundle, searches):
    setting = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
    times = search_times(Engine(tiny_bundle), setting, 5, searches, runs=3)
    assert tuple(times) == searches
    assert all(0 < time < 1000 for time in times.values())
