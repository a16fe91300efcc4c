from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.engine import evaluation
from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.bands import normal_band
from core.metrics.registry import METRICS
from core.search.kinds import SEARCHES
from core.settings import Setting
from tests.core.fakes import FakeBundle

BASE = Setting("semantic", "latent-sigmoid", 16, "1.25", "test-vs-test", "wordnet")
WIDE = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-train", "toy")
KS = (1, 2, 5, 59)


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 2)


@pytest.fixture(scope="module")
def wide():
    """More queries than a block has, and more items than are kept of an exact ranking."""
    return FakeBundle(queries=300, gallery=1150, dimensions=6)


def equal(first, second):
    assert first.keys() == second.keys()
    for name, curve in first.items():
        other = second[name]
        assert np.array_equal(curve.ks, other.ks)
        for side in ("mean", "low", "high"):
            assert np.array_equal(getattr(curve, side), getattr(other, side)), name


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("setting", [BASE, WIDE])
def test_curves_are_the_means_and_bands_of_the_values_by_query(engine, wide, search, setting):
    engine = engine if setting is BASE else Engine(wide, 2)
    curves, result = engine.curves(search, setting, KS), engine.result(search, setting, KS)
    if search == "hamming":
        curves = {**curves, **engine.at(setting).expected_curves(KS)}
    assert set(curves) == set(result.metrics())
    for name, curve in curves.items():
        assert curve.ks.tolist() == list(KS)
        for found, expected in zip(
            (curve.mean, curve.low, curve.high), normal_band(np.asarray(result.values(name), np.float64)), strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("search", SEARCHES)
def test_threads_and_other_k_change_no_bit(wide, search):
    one, three = (Engine(wide, threads).curves(search, WIDE, range(1, 251)) for threads in (1, 3))
    equal(one, three)
    some = Engine(wide, 2).curves(search, WIDE, (3, 100, 250))
    for name, curve in some.items():
        assert np.array_equal(curve.mean, one[name].mean[[2, 99, 249]]), name
        assert np.array_equal(curve.high, one[name].high[[2, 99, 249]]), name


def test_threads_change_no_bit_of_expected_curves(wide):
    equal(*(Engine(wide, threads).at(WIDE).expected_curves((1, 9, 250)) for threads in (1, 3)))


def test_judging_queries_in_parts_changes_nothing(wide, monkeypatch):
    ks = (1, 100, 1150)
    whole = Engine(wide, 1)
    results, curves = whole.evaluate(WIDE, ks, SEARCHES), {name: whole.curves(name, WIDE, ks) for name in SEARCHES}
    monkeypatch.setattr(evaluation, "_RANKING_CELLS", 1)
    monkeypatch.setattr(evaluation, "_MOST_CELLS", 1)
    heard, parts = [], [64 / 300, 128 / 300, 192 / 300, 256 / 300, 1.0]
    engine = Engine(wide, 1)
    for search in SEARCHES:
        heard.clear()
        again = engine.result(search, WIDE, ks, progress=heard.append)
        assert heard == parts
        assert np.array_equal(again.sums.values, results[search].sums.values)
        equal(engine.curves(search, WIDE, ks, progress=heard.append), curves[search])
        assert heard == parts * 2


@pytest.mark.parametrize(
    ("threads", "cells", "heard"), [(1, 10**9, [128 / 300, 256 / 300, 1]), (2, 10**9, [256 / 300, 1]), (2, 1, 5)]
)
def test_as_many_queries_at_once_as_keep_all_threads_busy(wide, monkeypatch, threads, cells, heard):
    monkeypatch.setattr(evaluation, "_RANKING_CELLS", 1)
    monkeypatch.setattr(evaluation, "_MOST_CELLS", cells)
    told = []
    Engine(wide, threads).result("hamming", WIDE, (1150,), told.append)
    assert told == heard if isinstance(heard, list) else len(told) == heard


def test_hashed_curves_over_the_whole_gallery_are_those_of_exact_search(engine):
    equal(engine.curves("hashed", replace(BASE, multiplier="all"), KS), engine.curves("exact", BASE, KS))


def test_what_cannot_be_judged_is_refused(engine):
    with pytest.raises(BadInput, match="k 60 is outside 1 to 59"):
        engine.curves("exact", BASE, (1, 60))
    with pytest.raises(BadInput, match="do not ascend"):
        engine.at(BASE).expected_curves((5, 5))
    with pytest.raises(BadInput, match="search 'haming'"):
        engine.curves("haming", BASE, (1,))
    with pytest.raises(BadInput, match="hash 'nope'"):
        engine.curves("hashed", replace(BASE, multiplier="all", hash="nope"), (1,))
    with pytest.raises(BadInput, match="do not tie"):
        engine.at(replace(BASE, hash="pq")).expected_curves((1,))


@pytest.mark.parametrize("search", SEARCHES)
def test_the_values_at_one_k_are_kept_in_passing(wide, search, monkeypatch):
    alone = Engine(wide, 1).result(search, WIDE, (9,))
    engine = Engine(wide, 1)
    equal(engine.curves(search, WIDE, (1, 9, 250), keep=9), Engine(wide, 1).curves(search, WIDE, (1, 9, 250)))
    monkeypatch.setattr(evaluation.Ranked, "sums", None)
    kept = engine.result(search, WIDE, (9,))
    assert np.array_equal(kept.sums.values, alone.sums.values)
    assert np.array_equal(kept.sums.relevant, alone.sums.relevant)
    assert kept.metrics() == alone.metrics()
    assert (kept.shortlists is None) == (alone.shortlists is None)
    assert kept.shortlists is None or kept.shortlists.tolist() == alone.shortlists.tolist() == [18]
    if search == "hamming":
        assert np.array_equal(kept.at("ap_expected", 9), alone.at("ap_expected", 9))


def test_a_k_beside_the_curves_is_not_kept(wide):
    engine = Engine(wide, 1)
    engine.curves("exact", WIDE, (1, 250), keep=9)
    assert engine.result("exact", WIDE, (9,)).ks.tolist() == [9]


def test_memory_of_curves_is_that_of_their_arrays(engine):
    curves = engine.curves("exact", BASE, KS)
    plain = sum(metric.compute is not None for metric in METRICS.values())
    assert evaluation.curves_nbytes(curves) == (3 * plain + 1) * 8 * len(KS)
