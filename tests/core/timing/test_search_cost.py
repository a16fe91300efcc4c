from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.settings import Setting
from core.timing.machine_limits import Limits
from core.timing.opponents.contender import search_inputs
from core.timing.search_cost import search_cost


def test_costs_by_hand(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    inputs = search_inputs(engine, Setting("semantic", "random-hyperplane", 72, "2", "test-vs-train", "wordnet"), 5)
    exact, hamming, hashed = (search_cost(inputs, name, 10) for name in ("exact", "hamming", "hashed"))
    assert (exact.gallery_bytes, exact.multiply_adds, exact.words) == (150 * 16 * 4, 10 * 150 * 16, 0)
    assert (hamming.code_bytes, hamming.words, hamming.shortlist_bytes) == (150 * 16, 10 * 150 * 2, 0)
    assert hashed.shortlist_bytes == 10 * 10 * 16 * 4
    limits = Limits(1, 1e9, 1e9, 1e9, 100, 0.5e9, 10, popcounts=1e9, multiply_adds=1e9)
    assert hashed.least_ms(limits) == pytest.approx(1000 * (2400 / 0.5e9 + 6400 / 1e9))
    cells = search_inputs(engine, Setting("semantic", "kmeans", 4, "2", "test-vs-train", "wordnet"), 5)
    assert search_cost(cells, "hamming", 1).words == 0
    assert search_cost(cells, "hamming", 1).code_bytes == 150
