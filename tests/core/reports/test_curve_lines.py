from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.reports.curve_lines import (
    COLUMNS,
    control_lines,
    line_ks,
    line_metric,
    line_table,
    pin_lines,
    setting_lines,
    sparse_ks,
)
from core.reports.pins import Pin
from core.settings import Setting

OWN = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def test_lines_by_what_was_chosen(engine):
    at = (engine, OWN, 10)
    assert [line.label for line in setting_lines(*at, False, False)] == [
        "Exact", "Hashed (shortlist, exact re-rank)", "Hamming only",
    ]  # fmt: skip
    assert [line.label for line in setting_lines(*at, True, True)][3:] == ["Asymmetric", "Hamming only, ties averaged"]
    lines = control_lines(*at, ["random-codes"])
    assert [line.label for line in lines] == [
        "Random codes, hashed (control)", "Random codes, Hamming only (control)",
    ]  # fmt: skip
    assert all(line.sparse and line.setting.hash == "random-codes" for line in lines)
    (pinned,) = pin_lines(*at, [Pin("semantic", "itq", 8, "all")])
    assert pinned.label == "Pinned: ITQ 8 bit ×all"
    assert (pinned.setting.hash, pinned.setting.bits, pinned.setting.multiplier) == ("itq", 8, "all")


def test_a_line_of_averages_has_no_other_metric():
    assert line_metric("ap", True) == "ap_expected"
    assert line_metric("ahp", True) is None
    assert line_metric("ahp", False) == "ahp"


def test_the_table_leaves_out_what_a_search_does_not_depend_on(engine):
    frame = line_table(setting_lines(engine, OWN, 10, False, True), ["ap", "ahp", "ap"])
    assert tuple(frame.columns) == COLUMNS
    assert not frame.duplicated(["line", "metric", "k"]).any()
    said = frame.drop_duplicates("line")[["hash", "bits", "multiplier"]].to_numpy().tolist()
    code = ["latent-sigmoid", "16"]
    assert said == [["", "", ""], [*code, "2"], [*code, ""], [*code, ""]]
    row = frame[(frame["search"] == "hashed") & (frame["metric"] == "ahp") & (frame["k"] == 7)].iloc[0]
    assert row["value"] == pytest.approx(engine.result("hashed", OWN, [7]).mean("ahp", 7), abs=1e-9)
    assert row["queries"] == 60


def test_the_k_of_a_line():
    assert line_ks(10, 59, sparse=False) == list(range(1, 60))
    assert line_ks(300, 10_000, sparse=False) == line_ks(999, 10_000, sparse=False)
    assert sparse_ks(10, 30) == [*range(1, 21), 25, 30]
    assert line_ks(10, 30, sparse=True) == sparse_ks(10, 30)
