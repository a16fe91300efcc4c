from __future__ import annotations

import numpy as np
import pytest

from core.engine.results import SearchResult
from core.errors import BadInput
from core.metrics.intervals import bootstrap
from core.metrics.registry import METRICS
from core.metrics.sums import unknown_sums

KS = np.array([1, 2, 4])


def result(search="exact", levels=None, relevant=(2, 0, 3)):
    rows = len(relevant)
    hits = np.array([[1, 1, 2], [0, 0, 0], [0, 1, 3]], np.int32)[:rows]
    ap_sum = np.array([[1, 1, 1.5], [0, 0, 0], [0, 0.5, 1.75]])[:rows]
    ones = dict.fromkeys(("hp", "ndcg", "ndcg_hierarchical"), np.ones((rows, 3)))
    per_hit = ap_sum / np.maximum(hits, 1)
    sums = unknown_sums(KS, np.array(relevant)).with_sums(
        hits=hits, ap_sum=ap_sum, ap_per_hit=per_hit, ahp_sum=KS, hp_area=KS - 1, shared=hits, **ones
    )
    return SearchResult(search, sums, None if levels is None else lambda: levels)


def test_values_at_and_mean():
    found = result()
    assert found.values("precision").tolist() == [[1, 0.5, 0.5], [0, 0, 0], [0, 0.5, 0.75]]
    assert found.at("precision", 4).tolist() == [0.5, 0, 0.75]
    assert found.at("ap", 4).tolist() == [0.75, 0, 1.75 / 3]
    assert found.mean("precision", 4) == pytest.approx(1.25 / 3)
    assert found.at("precision", 2).dtype == np.float64
    assert found.ks is found.sums.ks


def test_a_k_that_was_not_judged_is_refused():
    for k in (0, 3, 5):
        with pytest.raises(BadInput, match=f"k {k} was not evaluated"):
            result().at("ap", k)


def test_a_query_without_relevant_items_is_counted_and_stays_in_the_mean():
    found = result()
    assert found.without_relevant == 1
    assert len(found.at("ap", 1)) == 3


def test_interval():
    found = result()
    low, high = bootstrap(found.at("ap", 4), seed=3)
    assert found.interval("ap", 4, seed=3) == (low[0], high[0])


def test_ceilings_by_hand():
    found = result(relevant=(2, 1, 3))
    assert found.ceiling("ap").tolist() == [1, 1, 1]
    assert found.ceiling("precision") == pytest.approx([1, (1 + 1 / 2 + 1) / 3, (2 / 4 + 1 / 4 + 3 / 4) / 3])
    assert found.ceiling("recall") == pytest.approx([(1 / 2 + 1 + 1 / 3) / 3, (1 + 1 + 2 / 3) / 3, 1])
    assert found.ceiling("ahp_trapezoid") == pytest.approx([0, 1 / 2, 3 / 4])
    assert found.ceiling("precision", np.array([3])) == pytest.approx([(2 / 3 + 1 / 3 + 1) / 3])
    for one, other in (("ap_trec", "recall"), ("ap_source", "precision")):
        assert np.array_equal(found.ceiling(one), found.ceiling(other))


def test_a_query_without_relevant_items_lowers_the_ceiling():
    found = result(relevant=(2, 0, 3))
    assert found.ceiling("ap") == pytest.approx([2 / 3] * 3)
    assert found.ceiling("ahp_trapezoid") == pytest.approx([0, 1 / 3, 1 / 2])
    assert found.ceiling("overlap").tolist() == [1, 1, 1]


def test_expected_metrics_are_for_hamming_search_alone():
    assert [name for name in result().metrics() if METRICS[name].hamming_only] == []
    with pytest.raises(BadInput, match="defined for Hamming search alone, not for exact search"):
        result().values("ap_expected")
    # One block of four ties, two of them relevant, for a query with R = 3; the third lies in the next block.
    levels = np.array([[4, 1]], np.int32), np.array([[2, 1]], np.int32)
    found = result("hamming", levels, relevant=(3,))
    assert set(found.metrics()) == set(METRICS)
    s_1, s_2 = 1 / 2, 1 / 2 + (1 / 2) * (1 + 1 / 3) / 2
    s_4 = s_2 + (1 / 2) * (1 + 2 / 3) / 3 + (1 / 2) * (1 + 3 / 3) / 4
    assert found.values("ap_expected")[0] == pytest.approx([s_1, s_2 / 2, s_4 / 3], abs=1e-15)
    assert found.values("ap_trec_expected")[0] == pytest.approx([s_1 / 3, s_2 / 3, s_4 / 3], abs=1e-15)
    assert found.values("ap_source_expected")[0] == pytest.approx([s_1, s_2 / 2, s_4 / 4], abs=1e-15)
    assert found.at("ap_expected", 4)[0] == pytest.approx(s_4 / 3, abs=1e-15)


def test_an_unknown_metric_is_refused():
    with pytest.raises(BadInput, match="metric 'map'"):
        result().values("map")
