"""Every table on a small bundle."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.exports.command_line import OPTIONS
from core.exports.registry import EXPORTS, get_export
from core.exports.request import Request
from core.metrics.intervals import compare
from core.reports.tables import write_csv
from core.settings import Setting, curve_ks
from tests.core.scale.worlds import table as points

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
ELSEWHERE = {  # tables that this bundle has not, or whose times take long
    "original-system", "training", "timing", "equal-quality", "scale", "scale-models", "scale-quality",
    "scale-projection", "settings",
}  # fmt: skip


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


@pytest.fixture
def table(engine):
    def make(name, **choices):
        return EXPORTS[name].make(Request(engine, SETTING, **{"ks": (10,), **choices}))

    return make


def test_names_and_options_are_plain():
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in EXPORTS)
    assert all(set(export.reads) <= OPTIONS.keys() for export in EXPORTS.values())
    assert all(export.description for export in EXPORTS.values())


def test_an_unknown_table_is_refused():
    with pytest.raises(BadInput, match=r"unknown table 'leaderbord'.*did you mean 'leaderboard'"):
        get_export("leaderbord")


@pytest.mark.parametrize("name", [name for name in EXPORTS if name not in ELSEWHERE])
def test_every_table_has_rows_and_its_csv_holds_every_digit(engine, name):
    pins = ("itq-8-2",) if "pins" in EXPORTS[name].reads else ()
    request = Request(engine, SETTING, (10,), pins=pins)
    made = EXPORTS[name].make(request)
    assert len(made)
    read = pd.read_csv(io.BytesIO(EXPORTS[name].write(request)))
    assert read.columns.tolist() == made.columns.tolist()
    for column in made.select_dtypes("float64"):
        np.testing.assert_array_equal(read[column].astype(float), made[column])


def test_curves_reach_to_the_pages_k(table):
    assert set(table("curves")["k"]) == set(curve_ks(10, 59))


def test_differences_are_paired_with_the_pin(table, engine):
    other = Setting("semantic", "itq", 8, "2", "test-vs-test", "wordnet")
    sides = [engine.result("hashed", each, [10]).at("ap", 10) for each in (other, SETTING)]
    row = table("differences", pins=("itq-8-2",)).iloc[0]
    assert (row["against"], row["metric"]) == ("ITQ 8 bit ×2", "mAP@10")
    assert row["difference"] == compare(*sides).difference
    with pytest.raises(BadInput, match="pin a setting, such as itq-48-2"):
        table("differences")


def test_confusion_counts_what_is_returned(table, engine, tiny_bundle):
    ids = engine.at(SETTING).top_ids("hamming", 10, slice(None))
    task = engine.at(SETTING).task
    found = table("confusion", search="hamming")
    first = found[(found["class"] == "class3") & (found["returned"] == "class7")]["count"].item()
    assert first == (task.gallery_labels[ids[task.query_labels == 3]] == 7).sum()
    assert found["count"].sum() == 600
    groups = table("confusion", search="hamming", level="superclass")
    assert len(groups) == 16 and groups["count"].sum() == 600


def test_right_and_wrong_by_either_judge(table):
    counts = table("agreement").groupby("judge")["queries"].sum()
    assert counts.to_dict() == {"rank-1": 60, "majority": 60}
    for judge in ("rank-1", "majority"):
        by_query = table("by-query", judge=judge)["cell"].value_counts()
        own = table("agreement").set_index(["judge", "cell"])["queries"]
        assert all(own[judge, cell] == count for cell, count in by_query.items())


def test_precision_at_every_radius_and_over_the_number_returned(table):
    found = table("precision-recall")
    whole = found[found["by"] == "returned"]
    assert set(whole["search"]) == {"exact", "hamming"}
    assert whole.groupby("search")["recall"].last().tolist() == [1.0, 1.0]  # the whole gallery is returned
    assert found[found["by"] == "radius"]["at"].tolist() == list(range(17))


def test_codes_without_a_radius_still_rank_the_gallery(engine):
    found = EXPORTS["precision-recall"].make(Request(engine, Setting(
        "semantic", "pq", 16, "2", "test-vs-test", "wordnet"), (10,)))  # fmt: skip
    assert set(found["by"]) == {"returned"}


def test_what_scale_says_of_its_points(table, monkeypatch, tmp_path):
    path = tmp_path / "scale.csv"
    write_csv(points(), path)
    monkeypatch.setattr("core.scale.points.read_points.__defaults__", (path,))
    assert len(table("scale")) == len(points())
    models = table("scale-models")
    assert models["formula"].str.contains("ns × N").all()
    assert set(table("scale-quality")["side"]) == {"exact-chunked", "exact-faiss", "hashed"}
    shards = [table("scale-projection", memory=memory)["shards"].tolist() for memory in (64, 16)]
    assert shards == [[1, 1, 1, 7, 7, 1], [3, 3, 1, 25, 26, 1]]


def test_the_map_has_every_image(table, tiny_bundle):
    found = table("embedding-map")
    assert found["index"].tolist() == list(range(60))
    assert found["pca_x"].mean() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "choices", "words"),
    [
        ("curves-drawn", {"controls": ("random",)}, "unknown control 'random'"),
        ("curves-drawn", {"pins": ("itq",)}, "its text is none such as itq-48-2"),
        ("training", {}, "keeps no log of semantic's training"),
        ("leaderboard", {"stored": True, "metric": "ap"}, "no method is scored by hamming:ap@10|is not scored here"),
    ],
)
def test_what_a_table_cannot_show_is_refused(table, name, choices, words):
    if name == "leaderboard":
        choices = {**choices, "reference": "itq"}
    with pytest.raises(BadInput, match=words):
        table(name, **choices)


def test_codes_that_do_not_tie_have_no_average_over_ties(engine):
    setting = Setting("semantic", "pq", 16, "2", "test-vs-test", "wordnet")
    with pytest.raises(BadInput, match="leave averaged ties out"):
        EXPORTS["curves-drawn"].make(Request(engine, setting, (10,), ties=True))
    with pytest.raises(BadInput, match="leave asymmetric search out"):
        control = Setting("semantic", "random-codes", 16, "2", "test-vs-test", "wordnet")
        EXPORTS["curves-drawn"].make(Request(engine, control, (10,), asymmetric=True))
