from __future__ import annotations

import math

import numpy as np
import pytest

from core.scale.findings import (
    Speed,
    batch_quality,
    crossing,
    evaluations,
    findings,
    middle,
    model_lines,
    pays_from,
    per_query,
    sized,
    speeds,
    works_of,
)
from core.scale.model import Work, fit_models
from core.scale.points import BATCH, QUERY
from tests.core.scale.worlds import table


def test_the_middle_of_all_curves():
    assert middle(table()) == Work(1_000_000, 100, 48, 200, 100)


def test_milliseconds_per_query():
    rows = per_query(table(), "n", BATCH)
    assert rows["at"].is_monotonic_increasing
    last = rows[(rows["side"] == "hashed")].iloc[-1]
    assert last["ms"] == pytest.approx(1.03 / 2)  # two threads, half the time of one query
    assert last["p95"] == pytest.approx(1.03)
    bits = per_query(table(), "bits", QUERY)
    assert bits["at"].tolist() == [8, 64, 128]


def test_findings_by_hand():
    # At a million: hashed .01 + 1 + .02 ms, exact .02 + 20 ms; faiss takes twice as long and is not the opponent,
    # but in batches the own scan, 20.02 / 2 ms a query against 1.03 / 2.
    found = findings(table())
    assert (found.query.n, found.query.exact_ms, found.query.hashed_ms) == pytest.approx((1_000_000, 20.02, 1.03))
    assert found.query.ratio == pytest.approx(20.02 / 1.03)
    assert (found.pays_from, found.smallest) == (10_000, 10_000)
    assert found.batches.speed.exact_ms == pytest.approx(10.01)
    assert (found.batches.k, found.batches.hashed_ap, found.batches.exact_ap) == (100, 0.7, 0.7)
    assert found.batches.overlap == 0.5
    rows = table()
    assert findings(rows[rows["work"] != BATCH]).batches is None
    assert [each.n for each in speeds(rows, QUERY)] == [10_000, 100_000, 1_000_000]


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [((2, 2, 2), 1), ((0.5, 2, 3), 2), ((2, 0.5, 3), 3), ((0.5, 1, 1), None), ((2, 2, 0.5), None)],
)
def test_from_which_n_hashing_pays(ratios, expected):
    assert pays_from([Speed(n, ratio, 1.0) for n, ratio in enumerate(ratios, 1)]) == expected


def test_where_the_models_cross():
    models, of = fit_models(table()), middle(table())
    assert crossing(models, QUERY, of) == pytest.approx(526.3, rel=1e-3)  # as in test_model
    assert crossing({}, QUERY, of) is None
    swapped = {(QUERY, "hashed"): models[QUERY, "exact-blas"], (QUERY, "exact-blas"): models[QUERY, "hashed"]}
    assert crossing(swapped, QUERY, Work(1, 0, 64 * 100, 200, 100)) == math.inf


def test_batches_and_evaluations():
    rows = batch_quality(table())
    last = rows[rows["side"] == "hashed"].iloc[-1]
    assert last["batch_s"] == pytest.approx(1.03 / 2)  # 1,000 queries
    assert last["per_second"] == pytest.approx(2000 / 1.03)
    assert (last["ap"], last["ahp"], last["overlap"], last["peak_gb"]) == (0.7, 0.9, 0.5, 0.8)
    assert bool(last["equal"])
    found = evaluations(table())
    assert found["n"].tolist() == [10_000, 100_000, 1_000_000]
    assert found["peak_gb"].tolist() == [0.9] * 3
    assert evaluations(table().assign(peak_mb=np.nan))["peak_gb"].isna().all()


def test_the_models_at_the_points_and_at_other_n():
    rows, models = table(), fit_models(table())
    points = per_query(rows, "bits", QUERY)
    works = works_of(points, middle(rows))
    assert [each.words for each in works["hashed"]] == [1, 1, 2]
    np.testing.assert_allclose(model_lines(models, QUERY, works)["hashed"], points["ms"])
    exact = works_of(per_query(rows, "k", QUERY), middle(rows))["exact-blas"]
    assert [(each.k, each.bits) for each in exact] == [(10, 48), (1000, 48)]  # no codes: the middle's stand in
    far = model_lines(models, QUERY, sized(middle(rows), np.array([10**9]), ["hashed", "unknown"]))
    assert list(far) == ["hashed"]
    assert far["hashed"][0] == pytest.approx(0.01 + 1000 + 0.02)
