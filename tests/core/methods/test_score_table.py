from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.methods import score_table
from core.methods.score_table import detail_table, length_table, scores_of
from core.methods.scores import BEST, EXACT, Measure, query_scores
from core.settings import Setting

OWN = Setting("semantic", "latent-sigmoid", 16, "1", "test-vs-test", "wordnet")
AP = Measure("hamming", "ap", 10)


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def test_what_is_not_stored_is_computed_or_left_out(engine):
    settings = [OWN, replace(OWN, hash=EXACT), replace(OWN, hash=BEST)]
    scores = scores_of(engine, settings, AP)
    assert list(scores) == settings
    assert scores[OWN].tolist() == query_scores(engine, OWN, AP).astype(np.float32).tolist()
    exact = engine.result("exact", OWN, [10]).at("ap", 10)
    assert scores[settings[1]].tolist() == exact.astype(np.float32).tolist()
    assert list(scores_of(engine, settings, AP, stored_only=True)) == [settings[2]]  # it takes no search


def test_means_by_length_by_hand():
    scores = {OWN: np.array([0.0, 1.0]), replace(OWN, hash=EXACT): np.array([0.5, 0.5])}
    table = length_table(scores)
    assert table["method"].tolist() == ["latent-sigmoid", "exact"]
    assert table["bits"].fillna(-1).tolist() == [16, -1]
    assert table["value"].tolist() == [0.5, 0.5]
    # deviation sqrt(0.5), over sqrt(2): 0.5 either side times 1.96
    assert table["low"].tolist() == pytest.approx([0.5 - 1.96 * 0.5, 0.5], abs=1e-4)
    assert table["high"].tolist() == pytest.approx([0.5 + 1.96 * 0.5, 0.5], abs=1e-4)


def test_details_of_what_the_bundle_has_no_scores_of_are_empty(tiny_bundle):
    table = detail_table(tiny_bundle, [OWN, replace(OWN, hash=BEST)], AP)
    assert table["label"].tolist() == ["Latent sigmoid layer", "Best possible (control)"]
    assert table[["fit_seconds", "seed_mean", "seeds"]].isna().all(axis=None)


def test_a_method_that_cannot_be_scored_is_left_out_and_named(tiny_bundle, monkeypatch):
    def refuse(engine, setting, measure, progress=None):
        if setting.hash == "itq":
            raise BadInput("too few rows to fit it")
        return np.ones(60)

    monkeypatch.setattr(score_table, "query_scores", refuse)
    monkeypatch.setattr(score_table, "find_scores", lambda *_: None)
    base = Setting("semantic", "itq", 8, "2", "test-vs-test", "wordnet")
    settings, said = [base, replace(base, hash="pca-sign")], []
    found = score_table.scores_of(Engine(tiny_bundle), settings, Measure("hamming", "ap", 5), say=said.append)
    assert list(found) == settings[1:]
    assert said == ["ITQ, 8 bits, is left out: too few rows to fit it"]
