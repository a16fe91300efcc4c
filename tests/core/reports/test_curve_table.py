from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.reports.curve_table import curve_table
from core.settings import Setting


def test_values_are_rounded_and_those_of_the_engine(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    setting = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
    frame = curve_table(engine, setting, [1, 7, 59])
    assert (frame["value"] == frame["value"].round(12)).all()
    assert set(frame["k"]) == {1, 7, 59}
    for search, metric in (("hamming", "ap_expected"), ("hashed", "ahp"), ("exact", "ap")):
        row = frame[(frame["search"] == search) & (frame["metric"] == metric) & (frame["k"] == 7)].iloc[0]
        assert row["value"] == pytest.approx(engine.result(search, setting, [7]).mean(metric, 7), abs=1e-9)
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
    assert not ((frame["search"] == "exact") & (frame["metric"] == "ap_expected")).any()
