"""Codes that are not compared by Hamming distance, through everything that searches: against plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.building.add_hashes import make_hashes
from core.bundle.bundle import load_bundle
from core.engine.engine import Engine
from core.engine.retrieval import retrieve, to_table
from core.errors import BadInput
from core.metrics.registry import METRICS
from core.reports import predictions
from core.reports.literature import by_count, by_radius, radius_lookup
from core.reports.tables import metric_rows, metrics_of
from core.timing.search_times import search_times
from core.timing.timed_grid import time_grid
from core.timing.timing import time_latency, time_throughput
from core.tradeoff.grid import quality_grid
from tests import reference
from tests.core.codes.worlds import OTHERS, distances, ranking, setting

PLAIN = [name for name, metric in METRICS.items() if metric.compute]


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def orders(engine, chosen, query):
    """The query's exact ranking and its ranking by code."""
    task = engine.at(chosen).task
    own = int(task.exclude[query])
    exact = reference.exact_ranking(task.queries[query], task.gallery, own)
    return exact, ranking(distances(engine, chosen, query), own)


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
@pytest.mark.parametrize("kind", OTHERS)
def test_every_metric_equals_the_loops(engine, kind, protocol):
    ks = (1, 5, 20, 59)
    for multiplier in ("1", "1.5", "all"):
        chosen = setting(kind, protocol, multiplier)
        task = engine.at(chosen).task
        similarity = engine.bundle.hierarchy("wordnet").similarity()
        results = engine.evaluate(chosen, ks, ("hashed", "hamming"))
        for query in (0, 3, 41):
            exact, near = orders(engine, chosen, query)
            for k in ks:
                tops = {
                    "hamming": near,
                    "hashed": reference.hashed_ranking(task.queries[query], task.gallery, near, multiplier, k),
                }
                for search, top in tops.items():
                    expected = reference.metrics(
                        top, k, task.query_labels[query], task.gallery_labels, similarity,
                        int(task.exclude[query]), exact,
                    )  # fmt: skip
                    for name in PLAIN:
                        assert results[search].at(name, k)[query] == pytest.approx(expected[name], abs=1e-12)


def test_cells_average_over_ties_and_real_distances_do_not(engine):
    chosen = setting("cells")
    result = engine.result("hamming", chosen, (1, 7, 59))
    task, draws = engine.at(chosen).task, np.random.default_rng(0)
    for query in (0, 20):
        apart, own = distances(engine, chosen, query), int(task.exclude[query])
        found = []
        for _ in range(1500):  # a random order inside each cell
            order = [n for n in np.lexsort((draws.random(len(apart)), apart)) if n != own]
            hits = task.gallery_labels[order] == task.query_labels[query]
            found.append((hits * hits.cumsum() / np.arange(1, len(hits) + 1)).sum() / hits.sum())
        assert result.at("ap_expected", 59)[query] == pytest.approx(np.mean(found), abs=5 * np.std(found) / 38)
    assert "ap_expected" in result.metrics()
    assert metrics_of("hamming", ["ap", "ap_expected"], "kmeans") == ["ap", "ap_expected"]
    real = engine.result("hamming", setting("lookup"), (1, 7))
    assert "ap_expected" not in real.metrics()
    assert metrics_of("hamming", ["ap", "ap_expected"], "pq") == ["ap"]
    with pytest.raises(BadInput, match="no whole numbers, use 'ap'"):
        real.at("ap_expected", 7)
    rows = metric_rows(engine, setting("lookup"), ("hamming",), (1, 7))
    assert set(rows["metric"]) == set(PLAIN)


@pytest.mark.parametrize("kind", OTHERS)
def test_hits_of_every_query(engine, kind, tmp_path):
    chosen = setting(kind, queries=9)
    path = tmp_path / "hits.csv"
    predictions.write_predictions(engine, chosen, ("exact", "hashed", "hamming"), 6, path)
    hits, task = pd.read_csv(path), engine.at(chosen).task
    for place, query in enumerate(task.query_index):
        exact, near = orders(engine, chosen, place)
        tops = {
            "exact": exact[:6],
            "hashed": reference.hashed_ranking(task.queries[place], task.gallery, near, "1.5", 6),
            "hamming": near[:6],
        }
        for search, expected in tops.items():
            found = hits[(hits["query"] == query) & (hits["search"] == search)]
            assert found["index"].tolist() == expected
            assert np.allclose(found["distance"], distances(engine, chosen, place)[expected], rtol=1e-9, atol=1e-9)
            assert engine.at(chosen).top_ids(search, 6, slice(place, place + 1)).tolist() == [expected]


@pytest.mark.parametrize("kind", OTHERS)
def test_one_query_side_by_side(engine, kind):
    chosen = setting(kind, "test-vs-train")
    found = retrieve(engine.at(chosen), 5, 8)
    exact, near = orders(engine, chosen, 5)
    assert found.answers["hamming"].ids.tolist() == near[:8]
    assert found.answers["exact"].ids.tolist() == exact[:8]
    assert set(found.lost) == set(exact[:8]) - set(near[:12])
    for answer in found.answers.values():
        assert np.allclose(answer.distances, distances(engine, chosen, 5)[answer.ids], rtol=1e-9, atol=1e-9)
    assert to_table(found, engine.at(chosen))["distance"].dtype == (np.int64 if kind == "cells" else np.float64)


@pytest.mark.parametrize("kind", OTHERS)
def test_the_grid_is_the_engine_s(engine, kind):
    chosen = setting(kind)
    grid = quality_grid(engine, chosen, 5, [chosen.bits], ("1", "3", "all"))
    for column, multiplier in enumerate(grid.multipliers):
        expected = engine.result("hashed", replace(chosen, multiplier=multiplier), [5]).mean("ap", 5)
        assert grid.means["ap"][0, column] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("kind", OTHERS)
def test_times_start_at_the_embedding_and_answers_are_checked(engine, kind):
    chosen = setting(kind)
    timings = time_latency(engine, chosen, 5, 25, searches=("exact", "hashed", "hamming"))
    timings += time_throughput(engine, chosen, 5, 30, 1, 1)
    assert all(timing.equal for timing in timings)
    stages = [timing.work for timing in timings if timing.side == "hashed"]
    assert stages[:6] == ["query", "query:hash", "query:scan", "query:select", "query:gather and re-rank", "batch"]
    assert stages[6:] == ["batch:hash", "batch:scan and select", "batch:gather and re-rank"]
    assert set(search_times(engine, chosen, 5, ("exact", "hamming"), 5)) == {"exact", "hamming"}
    assert time_grid(engine, chosen, 5, [chosen.bits], ("1", "2"), 3).with_hash


@pytest.mark.parametrize(("kind", "title"), [("cells", "place of the cell"), ("lookup", "squared distance by look-up")])
def test_what_means_nothing_is_refused(engine, kind, title):
    for asked in (radius_lookup, by_radius):
        with pytest.raises(BadInput, match=f"is compared by {title}, in which a Hamming radius means nothing"):
            asked(engine, setting(kind))
    curve = by_count(engine, "hamming", setting(kind), points=5)
    assert curve.recall[-1] == pytest.approx(1)


@pytest.mark.parametrize("kind", OTHERS)
def test_stored_heads_give_the_codes_of_a_fit(make_bundle, kind):
    chosen = setting(kind)
    bundle = make_bundle(kind)
    fitted = Engine(bundle, 1).result("hamming", chosen, (5,)).at("ap", 5)
    make_hashes(bundle.path, "semantic", [chosen.hash], [chosen.bits])
    again = load_bundle(bundle.path)
    engine = Engine(again, 1)
    assert again.stored_hash("semantic", chosen.hash, chosen.bits)["head"]
    assert np.array_equal(engine.result("hamming", chosen, (5,)).at("ap", 5), fitted)


def test_another_seed_is_another_draw(engine):
    for kind in OTHERS:
        first, other = (engine.at(setting(kind, seed=seed)).codes.gallery.packed for seed in (0, 1))
        assert not np.array_equal(first, other)
