from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import Engine
from core.methods import compared
from core.methods.compared import (
    OWN_LENGTH,
    asymmetric_gains,
    by_length,
    compare_methods,
    fitting_measure,
    mean_scores,
    own_lengths,
    own_measure,
    score_band,
    score_key,
    seed_spread,
    settings_near,
    settings_of_all_lengths,
)
from core.methods.leaderboard import method_label
from core.methods.scores import BEST, EXACT, Measure
from core.settings import ALL, Setting

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
WHOLE = Measure("hamming", "ap_trec", ALL)
ASYMMETRIC = replace(WHOLE, search="asymmetric")


def of(name, bits=16):
    return replace(SETTING, hash=name, bits=bits)


@pytest.mark.parametrize(
    ("search", "metric", "k", "size", "expected"),
    [("hamming", "ap_trec", ALL, 59, ALL), ("hamming", "ap_trec", 100, 59, 59), ("hamming", "ap", 10, 59, 10),
     ("hashed", "ap_trec", ALL, 10_000, 250), ("hashed", "ap_trec", ALL, 59, 59), ("hamming", "ahp", ALL, 300, 250)],
)  # fmt: skip
def test_a_k_that_cannot_be_gives_way_to_the_nearest(search, metric, k, size, expected):
    assert fitting_measure(search, metric, k, size) == Measure(search, metric, expected)


def test_which_measure_judges_which_method():
    assert own_measure(EXACT, WHOLE) == own_measure(BEST, ASYMMETRIC) == WHOLE.base
    assert own_measure("itq", WHOLE) == WHOLE
    assert own_measure("itq", ASYMMETRIC) == ASYMMETRIC
    assert own_measure("predicted-class", ASYMMETRIC) == WHOLE  # a control without real values
    assert own_measure("pq", ASYMMETRIC) == ASYMMETRIC  # no control: it is left out


def test_the_settings_that_are_compared(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    near = {each.hash: each for each in settings_near(engine, SETTING, WHOLE)}
    assert (near["itq"].bits, near["predicted-class"].bits) == (16, 4)
    assert {each.multiplier for each in near.values()} == {"1"}  # a shortlist plays no part
    assert {EXACT, BEST, "pq"} <= set(near)
    real = {each.hash for each in settings_near(engine, SETTING, ASYMMETRIC)}
    assert "pq" not in real
    assert {"itq", "predicted-class", EXACT} <= real
    hashed = {each.hash: each for each in settings_near(engine, SETTING, Measure("hashed", "ap", 10))}
    assert (hashed["itq"].multiplier, hashed[EXACT].multiplier) == ("2", "1")
    every = settings_of_all_lengths(engine, SETTING, WHOLE)
    assert [each.bits for each in every if each.hash == "random-codes"] == [16, 32, 48, 64, 128]
    assert len([each for each in every if each.hash == EXACT]) == 1


def test_settings_of_equal_scores_have_one_key():
    assert score_key(of(EXACT, 8), WHOLE.base) == score_key(of(EXACT, 16), WHOLE.base)
    assert score_key(of("itq", 8), WHOLE) != score_key(of("itq", 16), WHOLE)
    flat = replace(of("itq"), hierarchy="flat")
    assert score_key(of("itq"), WHOLE) == score_key(flat, WHOLE)
    tree = Measure("hamming", "ahp", 10)
    assert score_key(of("itq"), tree) != score_key(flat, tree)


def test_means_and_their_bands():
    scores = {of("itq"): np.array([0.2, 0.4]), of(EXACT): np.array([0.5, 0.5])}
    assert mean_scores(scores) == pytest.approx({of("itq"): 0.3, of(EXACT): 0.5})
    mean, low, high = score_band(scores[of("itq")])
    assert mean == pytest.approx(0.3)
    # standard deviation .1414 of two queries: standard error .1, times 1.96
    assert (high - mean, mean - low) == pytest.approx((0.196, 0.196), abs=1e-4)
    board = compare_methods(scores, EXACT)
    assert board["method"].tolist() == [EXACT, "itq"]
    assert board["bits"].isna().tolist() == [True, False]
    assert board["difference"].iloc[1] == pytest.approx(-0.2)


def test_methods_by_length():
    means = {of("itq", 16): 0.3, of("itq", 48): 0.5, of("itq", 8): 0.9, of("kmeans", 6): 0.2, of("kmeans", 12): 0.6}
    table = by_length(means)
    itq, kmeans = method_label("itq"), method_label("kmeans")
    assert list(table.columns) == [16, 48, OWN_LENGTH]
    assert list(table.index) == [kmeans, itq]  # the best at some length first
    assert table.loc[itq, [16, 48]].tolist() == [0.3, 0.5]
    assert np.isnan(table.loc[itq, OWN_LENGTH])  # 8 bits are no column, but itq has others
    assert table.loc[kmeans, OWN_LENGTH] == 0.6
    assert own_lengths(means) == {"kmeans": [6, 12]}


def test_asymmetric_gains_by_hand():
    base = np.linspace(0.2, 0.6, 40)
    symmetric = {of("itq"): base, of("csq"): base + 0.2, of("dch"): base, of("pca-sign"): base}
    asymmetric = {of("itq"): base + 0.1, of("csq"): base, of("dch"): base}
    table = asymmetric_gains(symmetric, asymmetric)
    assert table["label"].tolist() == [method_label(name) for name in ("itq", "csq", "dch")]
    assert table["symmetric"].tolist() == pytest.approx([0.4, 0.6, 0.4])
    assert table["asymmetric"].tolist() == pytest.approx([0.5, 0.4, 0.4])
    assert table["gains"].tolist() == [True, False, False]
    assert table["loses"].tolist() == [False, True, False]


def test_the_spread_over_seeds(monkeypatch, tiny_bundle):
    scores = {0: np.array([0.2, 0.4]), 1: np.array([0.4, 0.6]), 2: None}  # of seed 2 none is valid
    monkeypatch.setattr(compared, "stored_seeds", lambda bundle, setting: list(scores))
    monkeypatch.setattr(compared, "find_scores", lambda bundle, setting, measure: scores[setting.seed])
    found = seed_spread(tiny_bundle, of("itq"), WHOLE)
    assert (found.mean, found.deviation, found.count) == (pytest.approx(0.4), pytest.approx(0.2 / 2**0.5), 2)
    assert seed_spread(tiny_bundle, of(EXACT), WHOLE) is None
    scores[1] = None
    assert seed_spread(tiny_bundle, of("itq"), WHOLE) is None
