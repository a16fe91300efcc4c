from __future__ import annotations

import pytest

from core.engine import Engine
from core.machine_limits import Limits
from core.opponents.side import contest_of
from core.search_cost import search_cost
from core.settings import Setting


def test_costs_by_hand(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    contest = contest_of(engine, Setting("semantic", "random-hyperplane", 72, "2", "test-vs-train", "wordnet"), 5)
    exact, hamming, hashed = (search_cost(contest, name, 10) for name in ("exact", "hamming", "hashed"))
    assert (exact.gallery_bytes, exact.multiply_adds, exact.words) == (150 * 16 * 4, 10 * 150 * 16, 0)
    assert (hamming.code_bytes, hamming.words, hamming.shortlist_bytes) == (150 * 16, 10 * 150 * 2, 0)
    assert hashed.shortlist_bytes == 10 * 10 * 16 * 4
    limits = Limits(1, 1e9, 1e9, 1e9, 100, 0.5e9, 10, popcounts=1e9, multiply_adds=1e9)
    assert hashed.least_ms(limits) == pytest.approx(1000 * (2400 / 0.5e9 + 6400 / 1e9))
    cells = contest_of(engine, Setting("semantic", "kmeans", 4, "2", "test-vs-train", "wordnet"), 5)
    assert search_cost(cells, "hamming", 1).words == 0
    assert search_cost(cells, "hamming", 1).code_bytes == 150
