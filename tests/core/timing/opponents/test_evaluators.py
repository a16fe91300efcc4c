"""The field's evaluators give what the engine gives, and what a person can add up."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.engine.engine import Engine
from core.settings import Setting
from core.timing.opponents.contender import search_inputs
from core.timing.opponents.deephash import code_signs, deephash_ap
from core.timing.opponents.semantic_embeddings import semantic_embeddings_scores

BENCHMARK = Path(__file__).resolve().parents[4] / "benchmarks" / "opponents.py"


def setting(protocol="test-vs-test"):
    return Setting("semantic", "itq", 16, "2", protocol, "wordnet")


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
@pytest.mark.parametrize("k", [1, 20, 59])
def test_deephash_equals_the_engine_but_for_ties(tiny_bundle, protocol, k):
    engine = Engine(tiny_bundle, 1)
    inputs = search_inputs(engine, setting(protocol), k)
    expected = engine.result("hamming", setting(protocol), [k]).at("ap_hits", k)
    found = deephash_ap(inputs, *code_signs(inputs), k, stable=True)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert deephash_ap(inputs, *code_signs(inputs), k).shape == expected.shape


def test_semantic_embeddings_by_hand():
    """Gallery of classes 0, 1, 1 (the query's), 2 in that order of similarity; s(1, .) = .5, 1, 0."""
    task = SimpleNamespace(
        queries=np.array([[1.0]], np.float32),
        gallery=np.array([[0.9], [0.8], [0.7], [0.6]], np.float32),
        gallery_labels=np.array([0, 1, 1, 2]),
        query_labels=np.array([1]),
        exclude=np.array([-1]),
    )
    similarity = np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    ap, ahp = semantic_embeddings_scores(task, similarity, 3, range(1))
    assert ap[0] == pytest.approx((1 / 2 + 2 / 3) / 2)
    hp = [0.5 / 1, 1.5 / 2, 2.5 / 2.5]
    assert ahp[0] == pytest.approx(((hp[0] + hp[1]) / 2 + (hp[1] + hp[2]) / 2) / 3)


@pytest.mark.slow
def test_the_benchmark_finds_them_equal(tiny_bundle):
    compare = runpy.run_path(str(BENCHMARK))["compare"]
    table = compare(tiny_bundle, setting("test-vs-train"), 1, 1, 20)
    assert list(table["job"]) == [*["everything"] * 2, *["Hamming, AP@k"] * 3, *["exact, AP and mAHP@k"] * 2]
    assert list(table["queries_timed"]) == [60, 60, 60, 60, 60, 20, 20]
    assert table["difference"].iloc[2] == 0
    assert table["difference"].iloc[4] < 1e-12
    assert table["difference"].iloc[6] < 1e-6
    assert table["ratio"].iloc[0] == table["ratio_again"].iloc[1] == 1
    assert list(table["ratio_same_job"].iloc[[0, 2, 5]]) == [1, 1, 1]
    assert (table["seconds"] > 0).all()
