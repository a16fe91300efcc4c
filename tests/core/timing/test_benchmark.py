from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.settings import Setting
from core.timing.benchmark import run_benchmark


@pytest.mark.slow
def test_every_condition_once_and_limits_by_hand(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    setting = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-train", "wordnet")
    heard: list[float] = []
    found = run_benchmark(
        engine, setting, 5, 4, [1, 20, "all", 500], 2, every=False, progress=heard.append, large=80_000
    )
    assert set(found.limits) == {1, 2}
    whole = found.table[~found.table["work"].str.contains(":")]
    places = whole.groupby(["work", "batch", "threads"]).size()
    assert places.to_dict() == {
        (work, batch, threads): 5 for work, batch in (("query", 1), ("batch", 20), ("batch", 60)) for threads in (1, 2)
    }
    assert found.table["equal"].all()
    assert heard == sorted(heard)
    assert heard[-1] == 1
    row = whole[(whole["side"] == "hashed") & (whole["work"] == "query") & (whole["threads"] == 1)].iloc[0]
    limits = found.limits[1]
    scan = max(150 * 8 / limits.codes, 150 / limits.popcounts)  # one word a code
    assert abs(row["limit_ms"] / (1000 * (scan + 10 * 16 * 4 / limits.reread)) - 1) < 1e-9
    assert (row["bytes_per_image"], row["items_scanned"], row["items_reranked"]) == (8 + 64, 150, 10)
