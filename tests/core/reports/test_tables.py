"""The long and the wide table, and files that are written whole or not at all."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.registry import METRICS
from core.reports import tables
from core.settings import Setting

SETTING = Setting("semantic", "latent-sigmoid", 16, "1.50", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle)


def test_columns_and_blanks(engine):
    rows = tables.metric_rows(engine, SETTING, ("exact", "hashed", "hamming", "asymmetric"), (5,), ("ap",))
    assert tuple(rows.columns) == tables.COLUMNS
    assert rows["search"].tolist() == ["exact", "hashed", "hamming", "asymmetric"]
    text = tables.as_text(rows)
    assert text["hash"].tolist() == ["", *["latent-sigmoid"] * 3]
    assert text["bits"].tolist() == ["", "16", "16", "16"]
    assert text["multiplier"].tolist() == ["", "1.5", "", ""]
    assert set(text["queries"]) == {"60"}
    assert set(text["version"]) == {engine.bundle.version}
    assert set(text["bundle"]) == {"tiny"}


def test_order_does_not_depend_on_the_order_asked_for(engine):
    first = tables.metric_rows(engine, SETTING, ("hamming", "exact"), (5, "all", 1), ("hp", "ap"))
    second = tables.metric_rows(engine, SETTING, ("exact", "hamming"), (1, 5, "all"), ("ap", "hp"))
    pd.testing.assert_frame_equal(first, second)
    assert first["k"].tolist()[:6] == [1, 1, 5, 5, "all", "all"]
    assert first["metric"].tolist()[:2] == ["ap", "hp"]


def test_values_are_those_of_the_engine(engine):
    rows = tables.metric_rows(engine, SETTING, ("hashed",), (5, 10))
    result = engine.result("hashed", SETTING, (5, 10))
    for row in rows.itertuples():
        assert row.value == result.mean(row.metric, row.k)
        assert (row.ci_low, row.ci_high) == result.interval(row.metric, row.k)


def test_all_is_the_whole_gallery_but_not_for_hashed(engine):
    rows = tables.metric_rows(engine, SETTING, ("exact", "hashed", "hamming"), (59, "all"), ("recall", "ap"))
    whole = rows[rows["k"] == "all"]
    assert whole["search"].tolist() == ["exact"] * 2 + ["hamming"] * 2
    assert (whole[whole["metric"] == "recall"]["value"] == 1).all()
    at_59 = rows[(rows["k"] == 59) & (rows["search"] != "hashed")]
    assert at_59["value"].tolist() == whole["value"].tolist()
    assert len(tables.metric_rows(engine, SETTING, ("hashed",), ("all",))) == 0


def test_default_is_every_metric_that_a_search_has(engine):
    rows = tables.metric_rows(engine, SETTING, ("exact", "hamming"), (5,))
    by_search = rows.groupby("search")["metric"].apply(list)
    assert by_search["hamming"] == list(METRICS)
    assert by_search["exact"] == [name for name, metric in METRICS.items() if not metric.hamming_only]


@pytest.mark.parametrize(
    ("searches", "ks", "metrics", "message"),
    [
        (("nearest",), (5,), None, "unknown search 'nearest'"),
        (("exact",), (60,), None, "above the gallery's 59"),
        (("exact",), (0,), None, "outside 1 to 1000"),
        (("exact",), (5,), ("map",), "unknown metric 'map'"),
    ],
)
def test_bad_names_and_ks_are_refused(engine, searches, ks, metrics, message):
    with pytest.raises(BadInput, match=message):
        tables.metric_rows(engine, SETTING, searches, ks, metrics)


def test_summary_has_one_row_a_search(engine):
    frame = tables.summary_table(
        engine, SETTING, ks=(1, 5, "all"), encode_ms=2.5, retrieval_ms={"exact": 0.5, "hashed": 0.25}
    )
    assert list(frame.columns) == [
        "search", tables.ENCODE_TIME, tables.RETRIEVAL_TIME,
        "mAP@1", "mAP@5", "mAP@all", "mAHP@1", "mAHP@5", "mAHP@all",
    ]  # fmt: skip
    assert frame["search"].tolist() == ["exact", "hashed", "hamming"]
    assert frame[tables.ENCODE_TIME].tolist() == [2.5] * 3
    assert frame[tables.RETRIEVAL_TIME].tolist()[:2] == [0.5, 0.25]
    assert math.isnan(frame[tables.RETRIEVAL_TIME][2])
    assert frame["mAHP@5"][1] == engine.result("hashed", SETTING, (1, 5)).mean("ahp", 5)
    assert frame["mAP@all"].isna().tolist() == [False, True, False]


def test_summary_shows_the_definitions_asked_for(engine):
    frame = tables.summary_table(engine, SETTING, ("exact",), (5,), ("ap_source", "ahp_trapezoid"))
    assert list(frame.columns[3:]) == ["mAP (÷ k)@5", "mAHP (trapezoid)@5"]
    assert frame.iloc[0, 3] == engine.result("exact", SETTING, (5,)).mean("ap_source", 5)


def test_csv_keeps_every_digit_and_pandas_reads_it(engine, tmp_path):
    rows = tables.metric_rows(engine, SETTING, ks=(1, 5))
    tables.write_csv(rows, tmp_path / "a.csv")
    read = pd.read_csv(tmp_path / "a.csv")
    assert np.array_equal(read[["value", "ci_low", "ci_high"]], rows[["value", "ci_low", "ci_high"]])
    assert b"\r" not in (tmp_path / "a.csv").read_bytes()
    again = tables.as_text(rows)
    tables.write_csv(again, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
