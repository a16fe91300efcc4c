from __future__ import annotations

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.whole_gallery import WHOLE_METRICS, can_judge, whole_result
from core.errors import BadInput
from core.reports.tables import metric_rows
from core.settings import Setting
from tests.core.codes.worlds import OTHERS
from tests.core.codes.worlds import setting as other_setting


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 2)


def setting(name="itq", bits=16, protocol="test-vs-test"):
    return Setting("semantic", name, bits, "2", protocol, "wordnet")


@pytest.mark.parametrize("protocol", ["test-vs-test", "test-vs-train", "test-vs-test-with-self"])
@pytest.mark.parametrize(
    ("name", "search"),
    [(name, search) for name in ("itq", "latent-sigmoid") for search in ("hamming", "asymmetric")]
    + [("predicted-class", "hamming"), ("itq", "exact")],
)
def test_equal_to_the_whole_ranking_to_the_last_bit(engine, name, search, protocol):
    chosen = setting(name, protocol=protocol)
    size = engine.at(chosen).task.size
    expected = engine.result(search, chosen, [size])
    found = whole_result(engine.at(chosen), search)
    for metric in WHOLE_METRICS:
        if metric.endswith("_expected") and search != "hamming":
            continue
        np.testing.assert_array_equal(found.at(metric, size), expected.at(metric, size), err_msg=metric)


@pytest.mark.parametrize("kind", OTHERS)
def test_codes_with_a_distance_of_their_own(engine, kind):
    chosen = other_setting(kind, "test-vs-test", "1")
    size = engine.at(chosen).task.size
    expected = engine.result("hamming", chosen, [size])
    np.testing.assert_array_equal(
        whole_result(engine.at(chosen), "hamming").at("ap_trec", size), expected.at("ap_trec", size)
    )


def test_what_it_refuses(engine):
    with pytest.raises(BadInput, match="search 'hashed' is not judged by ranks alone"):
        whole_result(engine.at(setting()), "hashed")
    with pytest.raises(BadInput, match="has no real values"):
        whole_result(engine.at(setting("random-codes")), "asymmetric")
    assert not can_judge("hamming", None)
    assert not can_judge("hamming", ["ap_trec", "ahp"])
    assert not can_judge("hashed", ["ap_trec"])


def test_exact_search_needs_no_code(engine):
    chosen = setting("itq", bits=24)  # a length that it does not have
    with pytest.raises(BadInput, match="bits 24"):
        whole_result(engine.at(chosen), "hamming")
    assert whole_result(engine.at(chosen), "exact").metrics() == engine.result("exact", chosen, [59]).metrics()


def test_other_metrics_are_unknown_not_wrong(engine):
    found = whole_result(engine.at(setting()), "hamming")
    assert np.isnan(found.at("ahp", 59)).all()


def test_the_table_is_the_same_whether_everything_is_ranked_or_not(engine):
    few = metric_rows(engine, setting(), ["exact", "hamming", "asymmetric"], [10, "all"], ["ap_trec", "precision"])
    every = metric_rows(engine, setting(), ["exact", "hamming", "asymmetric"], [10, "all"])
    every = every[every["metric"].isin(["ap_trec", "precision"])].reset_index(drop=True)
    assert few.astype(str).values.tolist() == every.astype(str).values.tolist()
