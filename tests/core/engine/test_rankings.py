from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.rankings import RankingCache, Rankings
from core.runtime.cache import ByteCache
from core.settings import Setting

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
ALL = 4 * 60 * 59  # bytes of a ranking of every item by every query


@pytest.mark.parametrize(("limit", "kept"), [(4 * ALL, True), (4 * ALL - 1, False)])
def test_a_ranking_that_would_fill_the_cache_is_not_kept(tiny_bundle, limit, kept):
    engine, cache = Engine(tiny_bundle, 1), ByteCache(limit)
    rankings = Rankings(RankingCache(cache), engine.at(SETTING).searcher, 59, (), lambda: ())
    rows = slice(10, 20)
    exact, near = rankings.exact(5, rows), rankings.near(5, rows)
    assert (("exact ids", 59) in cache) == kept
    assert np.array_equal(exact[:, :5], engine.at(SETTING).rankings.exact(5, rows)[:, :5])
    assert np.array_equal(near[:, :5], engine.at(SETTING).rankings.near(5, rows)[:, :5])


def test_near_rankings_are_of_their_own_hash(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    other = replace(SETTING, hash="random-hyperplane")
    rows = slice(0, 60)
    assert not np.array_equal(engine.at(SETTING).rankings.near(5, rows), engine.at(other).rankings.near(5, rows))
