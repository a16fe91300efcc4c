from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.task import relevant_counts
from core.errors import BadInput
from core.methods.scores import (
    BEST,
    EXACT,
    SHIPPED_MEASURES,
    Measure,
    compared_methods,
    has_measure,
    method_lengths,
    nearest_length,
    query_scores,
    resolved,
)
from core.settings import ALL, Setting
from tests import reference

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
WHOLE = Measure("hamming", "ap_trec", ALL)


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


@pytest.mark.parametrize("metric", ["ap", "ap_trec", "ap_source"])
@pytest.mark.parametrize("k", [1, 7, ALL])
def test_ties_of_average_precision_are_averaged_over(engine, metric, k):
    found = query_scores(engine, SETTING, Measure("hamming", metric, k))
    number = 59 if k == ALL else k
    expected = engine.result("hamming", SETTING, [number]).at(f"{metric}_expected", number)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    "measure",
    [Measure("hamming", "ahp", 10), Measure("hamming", "precision", 5), Measure("hashed", "ap", 10),
     Measure("asymmetric", "ap", 10), Measure("asymmetric", "ap_trec", ALL)],
    ids=lambda measure: measure.name,
)  # fmt: skip
def test_other_measures_are_those_of_the_engine(engine, measure):
    k = 59 if measure.k == ALL else measure.k
    expected = engine.result(measure.search, SETTING, [k]).at(measure.metric, k)
    np.testing.assert_array_equal(query_scores(engine, SETTING, measure), expected)


def test_exact_search_depends_on_no_hash(engine):
    found = query_scores(engine, replace(SETTING, hash=EXACT, bits=8), WHOLE.base)
    task = engine.at(SETTING).task
    for query in (0, 11, 40):
        order = reference.exact_ranking(task.queries[query], task.gallery, query)
        hits = task.gallery_labels[order] == task.query_labels[query]
        expected = (hits * hits.cumsum() / np.arange(1, 60)).sum() / hits.sum()
        assert found[query] == pytest.approx(expected)


def test_the_best_possible_is_the_ceiling(engine):
    best = replace(SETTING, hash=BEST)
    # 6 test images a class: each query has 5 to find among 59
    assert relevant_counts(engine.at(SETTING).task).tolist() == [5] * 60
    assert query_scores(engine, best, WHOLE).tolist() == [1.0] * 60
    assert query_scores(engine, best, Measure("hamming", "precision", 10)).tolist() == [0.5] * 60
    assert query_scores(engine, best, Measure("hamming", "ahp", 10)).tolist() == [1.0] * 60


def test_who_has_which_measure():
    asymmetric = Measure("asymmetric", "ap_trec", ALL)
    assert has_measure("itq", asymmetric)
    assert has_measure(EXACT, asymmetric)
    assert not has_measure("predicted-class", asymmetric)
    assert not has_measure("pq", asymmetric)
    assert resolved("itq", WHOLE) == "ap_trec_expected"
    assert resolved("kmeans", WHOLE) == "ap_trec_expected"
    assert resolved("pq", WHOLE) == "ap_trec"
    assert resolved("itq", asymmetric) == "ap_trec"
    assert resolved("itq", Measure("hamming", "precision", 10)) == "precision"


def test_names():
    assert [measure.name for measure in SHIPPED_MEASURES] == [
        "hamming:ap_trec@all", "hamming:ap@100", "hamming:ahp@250", "asymmetric:ap_trec@all",
    ]  # fmt: skip
    assert WHOLE.label == "mAP (÷ R)@all"


def test_what_is_compared(engine):
    names = compared_methods(engine, "semantic")
    assert names[-4:] == ["random-codes", "predicted-class", EXACT, BEST]
    assert "itq" in names
    assert "csq" not in names  # slow to fit, and no head is stored
    assert method_lengths(engine, "semantic", "random-codes") == [16, 32, 48, 64, 128]
    assert method_lengths(engine, "semantic", "predicted-class") == [4]
    assert method_lengths(engine, "semantic", "itq", [48]) == [8, 16]  # none of those asked for: 16 dimensions
    assert method_lengths(engine, "semantic", EXACT) == []


def test_the_nearest_length(engine):
    assert nearest_length(engine, "semantic", "itq", 48) == 16
    assert nearest_length(engine, "semantic", "itq", 12) == 8  # of two as near the shorter
    assert nearest_length(engine, "semantic", "predicted-class", 48) == 4
    assert nearest_length(engine, "semantic", EXACT, 48) is None


@pytest.mark.parametrize(
    ("measure", "message"),
    [(("ranked", "ap", 5), "unknown search 'ranked'"), (("hamming", "map", 5), "unknown metric 'map'"),
     (("hamming", "ap_expected", 5), "give 'ap', which does it"), (("hamming", "ahp", ALL), "give a number for k"),
     (("hashed", "ap", ALL), "not defined for hashed search")],
)  # fmt: skip
def test_measures_that_cannot_be(measure, message):
    with pytest.raises(BadInput, match=message):
        Measure(*measure)


def test_a_k_above_the_gallery(engine):
    with pytest.raises(BadInput, match="k 100 is outside 1 to 59"):
        query_scores(engine, SETTING, Measure("hamming", "precision", 100))
    with pytest.raises(BadInput, match="k 100 is outside 1 to 59"):
        query_scores(engine, SETTING, Measure("hamming", "ap", 100))
