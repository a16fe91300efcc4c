"""What ships, judged by the engine and by code that shares nothing with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pytrec_eval

from core.bundle.bundle import load_bundle
from core.engine.engine import Engine
from core.metrics.registry import METRICS
from core.settings import Setting
from tests import reference

SHIPPED = Path(__file__).parents[2] / "precomputed"
KS = (1, 5, 20, 100, 250)
PLAIN = [name for name, metric in METRICS.items() if metric.compute]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine():
    if not (SHIPPED / "manifest.json").exists():
        pytest.skip("needs the shipped bundle: precomputed/manifest.json is missing")
    return Engine(load_bundle(SHIPPED))


def setting(bundle, **more):
    default = bundle.defaults
    names = {name: default[name] for name in ("encoder", "hash", "bits", "protocol", "hierarchy")}
    return Setting(**{**names, "multiplier": "2", **more})


def scores(query, gallery):
    """Float64 inner products summed in index order, one dimension at a time."""
    total = np.zeros(len(gallery))
    for j in range(gallery.shape[1]):
        total += np.float64(query[j]) * gallery[:, j].astype(np.float64)
    return total


def plain_rankings(task, codes, query):
    """Exact and Hamming ranking of the whole gallery: a stable sort of everything."""
    own = task.exclude[query]
    exact = np.argsort(-scores(task.queries[query], task.gallery), kind="stable")
    distances = np.unpackbits(codes.gallery.packed ^ codes.queries.packed[query], axis=1).sum(axis=1)
    if codes.distance_cap is not None:
        distances = np.minimum(distances, codes.distance_cap)
    near = np.argsort(distances, kind="stable")
    return exact[exact != own].tolist(), near[near != own].tolist()


def test_every_metric_on_200_queries_equals_the_loops(engine):
    chosen = setting(engine.bundle, queries=200, seed=7)
    results = engine.evaluate(chosen, KS, ("exact", "hashed", "hamming"))
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    similarity = engine.bundle.hierarchy(chosen.hierarchy).similarity()
    labels = task.gallery_labels.tolist()
    values = {(search, name): found.values(name) for search, found in results.items() for name in PLAIN}
    for query in range(200):
        exact, near = plain_rankings(task, codes, query)
        place = {item: rank for rank, item in enumerate(exact)}
        for column, k in enumerate(KS):
            hashed = sorted(near[: min(2 * k, len(near))], key=place.__getitem__)[:k]
            for search, ranking in (("exact", exact), ("hashed", hashed), ("hamming", near)):
                expected = reference.metrics(
                    ranking, k, int(task.query_labels[query]), labels, similarity, int(task.exclude[query]), exact
                )
                for name in PLAIN:
                    found = values[search, name][query, column]
                    assert found == pytest.approx(expected[name], abs=1e-9), (search, name, k, query)


@pytest.mark.parametrize("search", ["exact", "hashed", "hamming"])
def test_ap_trec_on_1000_queries_equals_trec_eval(engine, search):
    depth = 1000
    chosen = setting(engine.bundle, queries=1000, seed=8)
    task, codes = engine.at(chosen).task, engine.at(chosen).codes
    found = engine.result(search, chosen, (depth,)).at("ap_trec", depth)
    judged, run = {}, {}
    for query in range(1000):
        exact, near = plain_rankings(task, codes, query)
        place = {item: rank for rank, item in enumerate(exact)}
        ways = {"exact": exact, "hamming": near, "hashed": sorted(near[: 2 * depth], key=place.__getitem__)}
        relevant = np.flatnonzero(task.gallery_labels == task.query_labels[query])
        judged[str(query)] = {str(n): 1 for n in relevant if n != task.exclude[query]}
        run[str(query)] = {str(n): float(depth - rank) for rank, n in enumerate(ways[search][:depth])}
    measured = pytrec_eval.RelevanceEvaluator(judged, {f"map_cut.{depth}"}).evaluate(run)
    expected = [measured[str(query)][f"map_cut_{depth}"] for query in range(1000)]
    assert found == pytest.approx(np.array(expected), abs=1e-9)
