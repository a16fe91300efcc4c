from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.settings import Setting
from core.timing import equal_quality
from core.timing.equal_quality import COLUMNS, at_equal_quality

BASE = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-train", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


@pytest.fixture(autouse=True)
def small_grid(monkeypatch):
    monkeypatch.setattr(equal_quality, "bits_for", lambda *_: [8, 32])
    monkeypatch.setattr(equal_quality, "MULTIPLIERS", ("1", "3"))
    monkeypatch.setattr(equal_quality, "GRID_QUERIES", 3)


def test_each_row_has_the_quality_that_the_engine_gives(engine):
    table = at_equal_quality(engine, BASE, 5, "overlap", (10, 60), runs=3)
    assert list(table.columns) == list(COLUMNS)
    assert list(table["target"].unique()) == [10, 60]
    for row in table.dropna(subset="bits").itertuples():
        setting = replace(BASE, bits=int(row.bits), multiplier=row.multiplier)
        value = engine.result("hashed", setting, [5]).mean("overlap", 5)
        assert row.quality == pytest.approx(value, abs=1e-12)
        assert row.share == pytest.approx(100 * value)
        assert row.share >= row.target
        assert row.shortlist == setting.shortlist(5, 150)
        assert 0 < row.median_ms <= row.p95_ms
    exact = table[table["side"].str.startswith("exact")]
    assert set(exact["side"]) == {"exact-blas", "exact-torch", "exact-faiss", "exact-scan"}
    assert (exact["share"] == 100).all()
    assert {"hashed", "hashed-faiss", "hashed-source"} <= set(table["side"])
    assert table["equal"].all()


def test_the_cheapest_by_time_is_taken(engine, monkeypatch):
    """A made-up clock: 8 bits x 3 costs least of all that reaches anything."""

    class Times:
        milliseconds = pd.DataFrame([[4.0, 1.0], [3.0, 2.0]]).to_numpy()

    monkeypatch.setattr(equal_quality, "time_grid", lambda *_: Times)
    row = at_equal_quality(engine, BASE, 5, "ap", (1,), every=False, runs=2).query("side == 'hashed'").iloc[0]
    assert (row["bits"], row["multiplier"]) == (8, "3")


def test_a_share_out_of_reach_has_no_time(engine, monkeypatch):
    monkeypatch.setattr(equal_quality, "bits_for", lambda *_: [8])
    monkeypatch.setattr(equal_quality, "MULTIPLIERS", ("1",))
    table = at_equal_quality(engine, BASE, 5, "overlap", (100,), ("random-hyperplane", "itq"), every=False, runs=2)
    hashed = table[table["side"] == "hashed"]
    assert list(hashed["hash"]) == ["random-hyperplane", "itq"]
    assert hashed["median_ms"].isna().all()
    assert hashed["equal"].isna().all()
    assert len(table) == 2 + 3  # exact search stands once


def test_bad_input(engine):
    with pytest.raises(BadInput, match="share 101"):
        at_equal_quality(engine, BASE, 5, shares=(101,))
    with pytest.raises(BadInput, match="metric 'speed'"):
        at_equal_quality(engine, BASE, 5, "speed")
