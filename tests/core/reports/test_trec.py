"""Run and qrels files: their lines by hand, and trec_eval's figures on them against ours."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import pytrec_eval

from core.bundle.bundle import load_bundle
from core.engine.engine import Engine
from core.reports.trec import write_qrels, write_run
from core.settings import Setting
from tests.core.fakes import FakeBundle

MEASURES = {"ap_trec": "map_cut", "precision": "P", "recall": "recall", "ndcg": "ndcg_cut"}


def setting(protocol="test-vs-test", **changes):
    return Setting(
        "semantic",
        **{"hash": "pca-sign", "bits": 8, "multiplier": "2", "hierarchy": "toy", **changes},
        protocol=protocol,
    )


def read(path):
    """{query: {document: number}} of a run or a qrels file."""
    table = {}
    for line in path.read_text().splitlines():
        fields = line.split()
        column = 4 if len(fields) == 6 else 3
        table.setdefault(fields[0], {})[fields[2]] = (float if column == 4 else int)(fields[column])
    return table


def test_lines(tmp_path):
    engine = Engine(FakeBundle())
    count = write_run(engine, setting(), "exact", 3, tmp_path / "run")
    lines = (tmp_path / "run").read_text().splitlines()
    assert count == len(lines) == 40 * 3
    ids = engine.at(setting()).rankings.exact(3, slice(0, 1))[0]
    assert lines[:3] == [f"0 Q0 {item} {rank} {3 - rank} exact" for rank, item in enumerate(ids[:3], 1)]
    write_run(engine, setting(), "hamming", 3, tmp_path / "run")
    assert (tmp_path / "run").read_text().splitlines()[0].endswith(" hamming-pca-sign-8")


def test_relevant_are_those_of_the_class_but_the_query(tmp_path):
    bundle = FakeBundle(queries=6)
    bundle._labels["test"][:] = [0, 1, 0, 2, 1, 0]
    count = write_qrels(Engine(bundle), setting(), tmp_path / "qrels")
    assert (tmp_path / "qrels").read_text().splitlines() == [
        "0 0 2 1", "0 0 5 1", "1 0 4 1", "2 0 0 1", "2 0 5 1", "4 0 1 1", "5 0 0 1", "5 0 2 1",
    ]  # fmt: skip
    assert count == 8


@pytest.mark.parametrize("search", ["exact", "hashed", "hamming", "asymmetric"])
@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train"])
def test_trec_eval_gives_our_figures(tmp_path, search, protocol):
    engine, chosen, depth = Engine(FakeBundle(queries=60, gallery=200)), setting(protocol, queries=25, seed=3), 30
    write_run(engine, chosen, search, depth, tmp_path / "run")
    write_qrels(engine, chosen, tmp_path / "qrels")
    run, judged = read(tmp_path / "run"), read(tmp_path / "qrels")
    assert all(len(set(scores.values())) == depth for scores in run.values())
    measured = pytrec_eval.RelevanceEvaluator(judged, {f"{m}.{depth}" for m in MEASURES.values()}).evaluate(run)
    ours, queries = engine.result(search, chosen, (depth,)), engine.at(chosen).task.query_index
    for metric, measure in MEASURES.items():
        expected = [measured[str(query)][f"{measure}_{depth}"] for query in queries]
        assert ours.at(metric, depth) == pytest.approx(expected, abs=1e-9), metric


@pytest.mark.slow
@pytest.mark.parametrize("search", ["exact", "hashed", "hamming"])
def test_trec_eval_on_every_shipped_query(tmp_path, search):
    bundle, depth, at_once = load_bundle(), 1000, 500
    chosen = Setting("semantic", "random-hyperplane", 48, "2", "test-vs-test", "wordnet")
    engine = Engine(bundle)
    write_run(engine, chosen, search, depth, tmp_path / "run")
    write_qrels(engine, chosen, tmp_path / "qrels")
    judged, measures = read(tmp_path / "qrels"), {f"{m}.{depth}" for m in MEASURES.values()}
    measured = {}
    with (tmp_path / "run").open() as lines:
        while part := list(islice(lines, at_once * depth)):  # all at once would take gigabytes
            run = {}
            for line in part:
                query, _, document, _, score, _ = line.split()
                run.setdefault(query, {})[document] = float(score)
            some = {query: judged[query] for query in run}
            measured |= pytrec_eval.RelevanceEvaluator(some, measures).evaluate(run)
    assert len(measured) == 10_000
    ours = engine.result(search, chosen, (depth,))
    for metric, measure in MEASURES.items():
        expected = np.array([measured[str(query)][f"{measure}_{depth}"] for query in range(10_000)])
        assert np.abs(ours.at(metric, depth) - expected).max() < 1e-9, metric
