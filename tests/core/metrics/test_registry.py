from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.metrics.registry import METRICS, family, get_metric
from tests.core.metrics.hand import CAR, CAT, DOG, SIMILARITY, judge

NAMES = [
    "ap", "ap_trec", "ap_hits", "ap_source", "hp", "ahp", "ahp_trapezoid", "precision", "recall", "ndcg",
    "ndcg_hierarchical", "overlap", "ap_expected", "ap_trec_expected", "ap_source_expected",
]  # fmt: skip


def test_every_metric_of_the_definitions_is_there():
    assert list(METRICS) == NAMES
    for name, metric in METRICS.items():
        assert get_metric(name) is metric
        assert metric.name == name
        assert metric.label
        assert metric.description.endswith(".")
        assert metric.source


def test_flags():
    assert [name for name in NAMES if METRICS[name].hierarchical] == ["hp", "ahp", "ahp_trapezoid", "ndcg_hierarchical"]
    assert [name for name in NAMES if METRICS[name].hamming_only] == NAMES[-3:]
    for name in NAMES[-3:]:
        assert METRICS[name].compute is None
        assert METRICS[name].base == name.removesuffix("_expected")


def test_labels_are_told_apart():
    labels = [metric.label for metric in METRICS.values()]
    assert len(set(labels)) == len(labels)


def test_families():
    assert [metric.name for metric in family("map")] == ["ap", "ap_trec", "ap_hits", "ap_source"]
    assert [metric.name for metric in family("mahp")] == ["ahp", "ahp_trapezoid"]
    assert family("no such") == []


def test_an_unknown_name_is_refused_with_a_hint():
    with pytest.raises(BadInput, match="ap_trec"):
        get_metric("ap_trek")


@pytest.mark.parametrize("name", [name for name in NAMES if METRICS[name].compute])
def test_a_perfect_ranking_reaches_the_ceiling_and_no_ranking_passes_it(name):
    metric, ks = METRICS[name], [1, 2, 3, 5, 8, 12]
    labels = [CAT] * 4 + [DOG] * 3 + [CAR] * 5
    best = judge(range(12), labels, ks, similarity=SIMILARITY)
    ceiling = np.ones((1, 6)) if metric.ceiling is None else metric.ceiling(best.relevant, best.ks)
    assert metric.compute(best) == pytest.approx(np.asarray(ceiling), abs=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = metric.compute(judge(rng.permutation(12), labels, ks, similarity=SIMILARITY, exact=range(12)))
        assert (values <= ceiling + 1e-12).all()
        assert (values >= 0).all()
