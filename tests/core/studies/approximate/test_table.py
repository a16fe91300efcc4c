"""The table of approximate searches: this project's own first, intervals and differences as metrics have them."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.metrics.intervals import compare
from core.search.engines.engine import ApproximateIndex
from core.settings import Setting
from core.studies.approximate.study import study
from core.studies.approximate.table import approximate_table
from tests.core.studies.approximate.loaded import KnownEngine, load

SETTING = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def at(tiny_bundle):
    return Engine(tiny_bundle, 1).at(SETTING)


@pytest.fixture(scope="module")
def table(at):
    server = load(KnownEngine(), at)
    few = ApproximateIndex("FEW", {"M": 8}, {"found": 6})
    studies = [
        study(server, at, 5, "vectors", [ApproximateIndex("ALL"), few], (1, 2), 8),
        study(server, at, 5, "codes", [ApproximateIndex("HALF")], (1, 2), 8),
    ]
    return approximate_table(studies, at, ["ap", "ahp"])


def test_one_row_per_index_and_search_ours_first(table):
    assert list(zip(table["engine"], table["search"], table["index"], strict=True)) == [
        ("local", "exact", ""),
        ("local", "hashed", ""),
        ("local", "hamming", ""),
        ("memory", "approximate", "ALL"),
        ("memory", "approximate", "FEW"),
        ("memory", "approximate-hamming", "HALF"),
        ("memory", "approximate-hashed", "HALF"),
    ]
    rows = table.set_index(["search", "index"])
    few = rows.loc[("approximate", "FEW")]
    assert (few["version"], few["collection"], few["build"], few["parameters"]) == ("1.5", "vectors", "M=8", "found=6")
    assert few["incomplete"] == 0  # six hold the query itself and five others
    assert (few["hash"], few["multiplier"]) == ("", "")
    hashed = rows.loc[("approximate-hashed", "HALF")]
    assert (hashed["hash"], hashed["bits"], hashed["multiplier"], hashed["shortlist"]) == (
        "random-hyperplane",
        16,
        "2",
        10,
    )
    assert set(table["k"]) == {5}
    assert set(table["queries"]) == {60}


def test_numbers_are_those_of_the_results(table, at):
    exact, hashed = at.result("exact", [5]), at.result("hashed", [5])
    rows = table.set_index(["search", "index"])
    first, second = rows.loc[("exact", "")], rows.loc[("approximate", "ALL")]
    for metric in ("ap", "ahp"):
        assert first[metric] == second[metric] == exact.mean(metric, 5)
        assert (second[f"{metric}_low"], second[f"{metric}_high"]) == exact.interval(metric, 5)
        assert (second[f"{metric}_difference"], second[f"{metric}_p"]) == (0, 1)
        paired = compare(exact.at(metric, 5), hashed.at(metric, 5))
        own = rows.loc[("hashed", "")]
        assert own[f"{metric}_difference"] == paired.difference < 0
        assert (own[f"{metric}_difference_low"], own[f"{metric}_p"]) == (paired.low, paired.p_value)
    assert second["recall"] == 1
    half = rows.loc[("approximate-hashed", "HALF")]
    assert half["recall"] < rows.loc[("hashed", "")]["recall"]
    assert half["ap_difference"] == pytest.approx(half["ap"] - exact.mean("ap", 5))


def test_times_are_of_the_engine_alone(table):
    own, engine = table[table["engine"] == "local"], table[table["engine"] == "memory"]
    times = ["median_ms", "p95_ms", "p99_ms", "round_trip_ms", "queries_per_s_1", "queries_per_s_2", "median_ms_2"]
    assert own[times].isna().all().all()
    assert (engine[times] > 0).all().all()
    assert (engine["median_ms"] <= engine["p95_ms"]).all()
    assert (engine["errors"] == 0).all()
    assert (engine["timed_requests"] == 10 + 20).all()
    assert np.isfinite(engine["build_s"].astype(float)).all()
