from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from core.engine.engine import Engine
from core.reports.tables import metric_rows, summary_table, to_csv, write_csv
from core.runtime.cache import ByteCache
from core.studies.original_system.published import DIFFERENCES
from core.studies.original_system.table import source_settings, source_table
from dashboard.shared import latency
from tests.core.source_worlds import dress

TIMES = {"exact": 1.0, "hashed": 0.25, "hamming": 0.1}
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def known_times(monkeypatch):
    monkeypatch.setattr(latency, "search_times", lambda *_: TIMES)
    monkeypatch.setattr(latency, "_KEPT", ByteCache(9))


@pytest.fixture
def served(monkeypatch):
    """`served()` gives the bytes that the page's download button hands out."""
    given = []
    draw = st.download_button

    def record(label, data, file_name, mime, **options):
        assert options["on_click"] == "ignore"  # else the page would be computed again
        given.append(data)
        return draw(label, data, file_name, mime, **options)

    monkeypatch.setattr(st, "download_button", record)
    return lambda: given[-1]


@pytest.fixture
def read(served):
    """`read()` gives them as a table."""
    return lambda: pd.read_csv(io.BytesIO(served()))


@pytest.fixture
def export(open_app):
    """`export(table, **query)` opens the page at a table."""
    return lambda table, **query: open_app("export", {"export_table": table, **query})


def setting_of(at):
    return at.session_state["_view"].setting


def code(at) -> str:
    return at.code[-1].value


def test_the_metric_csv_is_the_engines_to_the_byte(export, tiny_bundle, tmp_path, served):
    at = export("metrics", k="5")
    assert not at.exception and not at.error
    rows = metric_rows(Engine(tiny_bundle), setting_of(at), ks=[1, 5, 20])
    write_csv(rows, tmp_path / "m.csv")
    assert served() == (tmp_path / "m.csv").read_bytes()


@pytest.mark.slow
def test_the_command_on_the_page_writes_the_same_bytes(export, tmp_path, served):
    pytest.importorskip("core.cli", reason="needs the command line")
    at = export("metrics", hash="itq", bits="8", multiplier="1.25", protocol="test-vs-train", export_k="1,7,50")
    for shown, command in ((at.code[-2].value, ["export", "metrics"]), (at.code[-1].value, ["evaluate"])):
        words = shlex.split(shown)
        assert words[: 3 + len(command)] == ["python", "-m", "core", *command]
        words[words.index("--out") + 1] = str(tmp_path / f"{command[0]}.csv")
        done = subprocess.run([sys.executable, *words[1:]], cwd=REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert served() == (tmp_path / f"{command[0]}.csv").read_bytes()


def test_k_above_the_gallery_is_left_out_and_said(export, read):
    at = export("metrics")
    assert "k = 100, 250" in at.info[0].value
    assert "--k 1,5,20 " in code(at)
    assert set(read()["k"]) == {1, 5, 20}


def test_a_list_of_ones_own_and_a_bad_one(export, read):
    at = export("metrics")
    at.text_input(key="export_k").set_value("3, 2,all").run()
    assert set(read()["k"]) == {"2", "3", "all"}
    at.text_input(key="export_k").set_value("3,zero").run()
    assert not at.exception and "k 'zero'" in at.error[0].value
    at.text_input(key="export_k").set_value("900").run()
    assert not at.exception and "above the 59 images" in at.error[0].value


def test_summary_has_times_and_the_definitions_asked_for(export, tiny_bundle, served, read):
    at = export("summary")
    expected = summary_table(Engine(tiny_bundle), setting_of(at), ks=[1, 5, 20], retrieval_ms=TIMES)
    assert served() == to_csv(expected).encode()
    at.multiselect[0].set_value(["ap_source", "ahp"]).run()
    columns = list(read().columns)
    assert "mAP (÷ k)@5" in columns and "mAHP@20" in columns and "mAP@5" not in columns
    assert read()["retrieval time (ms)"].tolist() == [1.0, 0.25, 0.1]


def test_summary_without_a_definition_still_has_times(export, read):
    at = export("summary")
    at.multiselect[0].set_value([]).run()
    assert not at.exception and list(read().columns) == ["search", "encode time (ms)", "retrieval time (ms)"]


def test_every_query_has_a_row(export, tiny_bundle, read):
    at = export("queries", k="5")
    frame, setting = read(), setting_of(at)
    assert len(frame) == 60 and frame["query"].tolist() == list(range(60))
    result = Engine(tiny_bundle).result("hashed", setting, [5])
    assert (frame["hashed_ap"] == result.at("ap", 5)).all()
    assert (frame["hashed_hits"] == np.rint(5 * result.at("precision", 5))).all()
    assert frame["class"][0] == tiny_bundle.class_names[tiny_bundle.labels("test")[0]]


def test_curves_hold_every_metric_at_every_k(export, tiny_bundle, read):
    at = export("curves")
    frame = read()
    assert set(frame["k"]) == set(range(1, 60))
    assert set(frame["search"]) == {"exact", "hashed", "hamming"}
    row = frame[(frame["search"] == "hashed") & (frame["metric"] == "ahp") & (frame["k"] == 7)].iloc[0]
    expected = Engine(tiny_bundle).result("hashed", setting_of(at), [7]).mean("ahp", 7)
    assert row["value"] == pytest.approx(expected, abs=1e-6)
    assert row["ci_low"] <= row["value"] <= row["ci_high"]


def test_settings_say_all_that_is_needed(export, tiny_bundle):
    at = export("settings", k="5", multiplier="3")
    told = json.loads(at.code[0].value)
    assert told["setting"]["multiplier"] == "3" and told["setting"]["k"] == 5 and told["shortlist"] == 15
    assert told["bundle"]["version"] == tiny_bundle.version
    assert told["command"] == code(at)
    assert "k=5" in told["link"]


@pytest.mark.parametrize("table", ["metrics", "summary", "queries", "curves", "settings"])
def test_each_table_opens_by_its_link_with_a_preview(export, table):
    at = export(table)
    assert not at.exception and not at.error
    assert at.get("download_button")
    assert f"python -m core export {table} --bundle " in " ".join(block.value for block in at.code)
    assert table == "settings" or len(at.dataframe[0].value) <= 200


def test_the_source_systems_table_and_its_download(open_app, make_bundle, served, read):
    bundle = dress(make_bundle().path)
    at = open_app("export", {"export_table": "source system", "encoder": "semantic", "k": "5"}, bundle=bundle.path)
    assert not at.exception and not at.error
    assert at.multiselect(key="export_source_encoders").value == ["source", "semantic"]
    settings = source_settings(bundle, ["source", "semantic"])
    expected = source_table(Engine(bundle), settings, {setting.encoder: TIMES for setting in settings})
    assert served() == to_csv(expected).encode()
    notes = " ".join(element.value for element in at.main.markdown)
    assert all(line in notes for line in DIFFERENCES)
    assert code(at) == f"python -m core source-table --bundle {bundle.path} --out source.csv"
    at.multiselect(key="export_source_encoders").set_value(["other"]).run()
    assert not at.exception and not at.error
    assert set(read()["encoder"].dropna()) == {"other"}
    assert code(at).endswith(" --encoder other --out source.csv")


def test_the_source_systems_table_of_other_data_is_one_line(export):
    at = export("source system")
    assert not at.exception and not at.error
    assert at.info[0].value.startswith("The source system's table needs CIFAR-100's test split: the bundle 'tiny'")
    assert not at.get("download_button") and not at.code


def test_names_in_a_command_are_quoted(tiny_bundle):
    from core.settings import Setting
    from dashboard.shared.state import View

    setting = Setting("my net; rm x", "itq", 8, "2", "leave-one-out", "a'tree")
    command = View(Engine(tiny_bundle), setting, 1, "ap", "ahp").command()
    words = shlex.split(command)
    assert words[words.index("--encoder") + 1] == "my net; rm x" and words[words.index("--hierarchy") + 1] == "a'tree"
    assert "--hash itq --bits 8 --multiplier 2 --protocol leave-one-out" in command
