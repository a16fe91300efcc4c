"""Each page's download, and the command beside it: the same bytes."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
import streamlit as st

from core.cli import main
from core.exports.registry import EXPORTS
from core.reports.tables import write_csv
from dashboard.shared import latency
from dashboard.shared.downloads import download
from tests.core.scale.worlds import table as scale_points
from tests.core.source_worlds import dress
from tests.dashboard.reading import checked

DASHBOARD = Path(__file__).resolve().parents[3] / "dashboard"
# Of a search that no setting describes: `search-folder --out` and `--plot` write the same bytes.
OWN_COMMAND = {"folder_search/page.py", "timing/approximate.py"}
TIMES = {"exact": 1.0, "hashed": 0.25, "hamming": 0.1}


@pytest.fixture
def given(monkeypatch):
    """The bytes and the help of each download button by its key, as last drawn."""
    found, draw = {}, st.download_button

    def record(label, data, *others, **options):
        assert options["on_click"] == "ignore"  # else the page would be computed again
        found[options["key"]] = (data() if callable(data) else data, options["help"])
        return draw(label, data, *others, **options)

    monkeypatch.setattr(st, "download_button", record)
    return found


@pytest.fixture
def by_command(tmp_path, capsys):
    """`by_command(help, *more)` runs the command that a button's help names; the bytes that it writes."""

    def run(text, *more):
        words = shlex.split(re.search(r"`(python -m core export .+?)` writes", text).group(1))
        words[words.index("--out") + 1] = str(tmp_path / "out")
        code = main([*words[3:], *more])
        assert code == 0, capsys.readouterr().err
        return (tmp_path / "out").read_bytes()

    return run


VIEW = {"hash": "itq", "bits": "8", "multiplier": "1.25", "k": "7", "map": "ap_source", "mahp": "ahp_trapezoid"}
PAGES = [
    ("export", {"export_table": "metrics", "export_k": "1,7,50"}, "export_download_metrics"),
    ("export", {"export_table": "queries"}, "export_download_queries"),
    ("export", {"export_table": "curves"}, "export_download_curves"),
    ("export", {"export_table": "settings"}, "export_download_settings"),
    (
        "curves",
        {
            "pins": "itq-16-2;random-hyperplane-64-all",
            "curves_controls": "random-codes",
            "curves_ties": "true",
            "curves_asymmetric": "true",
            "curves_metric": "overlap",
        },
        "curves_download",
    ),
    ("encoders", {}, "encoders_csv"),
    ("tradeoff", {"tradeoff_quality": "mAHP"}, "tradeoff_csv"),
]


@pytest.mark.parametrize(("page", "query", "key"), PAGES)
def test_the_command_writes_the_bytes_of_the_page(open_app, given, by_command, page, query, key):
    checked(open_app(page, VIEW | {"protocol": "test-vs-train"} | query))
    data, told = given[key]
    assert len(data) > 100
    assert by_command(told) == data


def test_near_duplicates_left_out_stay_out(open_app, given, by_command, doubled_bundle):
    query = {"export_table": "metrics", "leave_out": "true", "k": "5", "protocol": "test-vs-train"}
    checked(open_app("export", query, doubled_bundle.path))
    data, told = given["export_download_metrics"]
    assert "--near-duplicates leave-out" in told
    assert by_command(told) == data


def test_lines_of_another_bundle(open_app, given, by_command, make_bundle):
    other = make_bundle("other", seed=1)
    at = open_app("curves", {"k": "10", "curves_bundles": "other"}, options=["--bundle", str(other.path)])
    checked(at)
    data, told = given["curves_download"]
    assert b"other: exact,other," in data
    assert by_command(told) == data


def test_a_summary_is_the_same_but_for_its_times(open_app, given, by_command, monkeypatch):
    monkeypatch.setattr(latency, "query_times", lambda view: {})
    at = checked(open_app("export", {"export_table": "summary", "k": "5"}))
    data, told = given["export_download_summary"]
    assert "with times of its own" in told
    assert by_command(told, "--no-times") == data
    at.multiselect[0].set_value([]).run()
    data, told = given["export_download_summary"]
    assert by_command(told, "--no-times") == data


def test_the_original_system_s_table(open_app, given, by_command, make_bundle, monkeypatch):
    monkeypatch.setattr(latency, "query_times", lambda view: {})
    bundle = dress(make_bundle().path)
    query = {"export_table": "source system", "encoder": "semantic", "k": "5"}
    at = checked(open_app("export", query, bundle=bundle.path))
    data, told = given["export_download_source system"]
    assert by_command(told, "--no-times") == data
    at.multiselect(key="export_source_encoders").set_value(["other"]).run()
    data, told = given["export_download_source system"]
    assert by_command(told, "--no-times") == data


def test_the_study_of_buckets(open_app, given, by_command):
    at = open_app("export", {"export_table": "bucket study"})
    checked(at.button(key="buckets_run").click().run())
    data, told = given["export_download_bucket study"]
    assert by_command(told) == data


def test_the_leaderboard_once_all_is_scored(open_app, given, by_command):
    at = open_app("methods", {"k": "10", "methods_k": "10", "methods_metric": "ap", "protocol": "test-vs-train"})
    next(button for button in at.button if button.key == "methods_fill").click().run()
    checked(at)
    data, told = given["methods_csv"]
    assert "--stored" not in told
    assert by_command(told) == data


def test_the_points_of_scale(open_app, given, by_command, monkeypatch, tmp_path):
    path = tmp_path / "scale.csv"
    write_csv(scale_points(), path)
    monkeypatch.setattr("core.scale.points.SHIPPED", path)
    monkeypatch.setattr("core.scale.points.read_points.__defaults__", (path,))
    checked(open_app("scale"))
    data, told = given["scale_csv"]
    assert by_command(told) == data


def test_every_download_button_is_of_a_table_with_a_command():
    direct, names = set(), set()
    for file in DASHBOARD.rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            called = getattr(call.func, "attr", None) or getattr(call.func, "id", None)
            if called == "download_button":
                direct.add(file.relative_to(DASHBOARD).as_posix())
            elif called in (download.__name__, "offer") and call.args:
                names |= {arg.value for arg in call.args[:2] if isinstance(arg, ast.Constant)}
    assert direct == OWN_COMMAND | {"shared/downloads.py"}
    assert names <= EXPORTS.keys()
    assert {"metrics", "curves-drawn", "leaderboard", "trade-off", "timing", "equal-quality", "scale"} <= names
