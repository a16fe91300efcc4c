"""The section on approximate indexes: drawn for an engine alone, measured when asked for, kept with its setting."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from core.engine.engine import Engine
from core.search.engines.backend import EngineBackend
from core.settings import Setting
from dashboard.shared import kept_indexes
from dashboard.timing import approximate
from tests.core.search.engines.memory_engine import MemoryEngine
from tests.core.studies.approximate.loaded import KnownEngine, load

VIEW = {"hash": "random-hyperplane", "bits": "16", "multiplier": "2", "k": "10"}
SETTING = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture
def server(tiny_bundle, monkeypatch):
    """The dashboard searches by an engine that holds the tiny bundle and whose index misses half of it."""
    loaded = load(MemoryEngine(), Engine(tiny_bundle, 1).at(SETTING))
    backend = EngineBackend(loaded, fall_back=True)
    monkeypatch.setattr(Engine, "backend", property(lambda engine: backend))
    return loaded


def words(at):
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.warning, *at.subheader])


def shown(at):
    return next(frame.value for frame in at.dataframe if "Recall" in frame.value)


def test_there_is_no_section_where_this_process_searches(open_app):
    at = open_app("timing", VIEW)
    assert not at.exception
    assert "Approximate indexes" not in words(at)
    assert not [button for button in at.button if button.key == "approximate_measure"]


def test_nothing_is_built_unasked(open_app, server):
    at = open_app("timing", VIEW)
    assert not at.exception
    assert "No index has been measured in this session." in words(at)
    assert kept_indexes.KEY not in at.session_state


def test_indexes_are_measured_shown_and_kept(open_app, server, tiny_bundle):
    at = open_app("timing", VIEW)
    at.button(key="approximate_measure").click().run()
    assert not at.exception
    assert not at.error
    table = shown(at)
    assert table["Search"].tolist() == [
        "Exact (this project)", "Hashed (this project)", "Hamming (this project)", "Approximate, vectors",
    ]  # fmt: skip
    exact = Engine(tiny_bundle, 1).at(SETTING).result("exact", [10])
    assert table["mAP@10"].iloc[0] == exact.mean("ap", 10)
    half = table.iloc[3]
    assert half["Recall"] < 1
    assert half["mAP@10"] < table["mAP@10"].iloc[0]
    assert half["Difference, mAP@10"].startswith("−0.")
    assert table["Difference, mAP@10"].iloc[0] == ""
    times = next(frame.value for frame in at.dataframe if "Median, ms" in frame.value)
    assert times["Search"].tolist() == ["Approximate, vectors"]
    assert times["Median, ms"].iloc[0] > 0
    assert times["Queries/s (32)"].iloc[0] > 0
    at.segmented_control(key="approximate_of").set_value("codes").run()
    at.button(key="approximate_measure").click().run()
    assert shown(at)["Search"].tolist()[3:] == [
        "Approximate, vectors", "Approximate, codes alone", "Approximate, codes, re-ranked",
    ]  # fmt: skip
    at.button(key="approximate_measure").click().run()  # the earlier one of the same build is replaced
    assert len(shown(at)) == 6
    assert [button.proto.label for button in at.get("download_button")] == ["Download CSV"]


def test_what_belongs_to_another_setting_is_not_shown(open_app, server):
    at = open_app("timing", VIEW)
    at.button(key="approximate_measure").click().run()
    at.select_slider(key="bits").set_value(24).run()
    assert len(shown(at)) == 4  # an index of vectors does not depend on the code
    at.select_slider(key="k").set_value(9).run()
    assert "k was 10, is 9" in " ".join(warning.value for warning in at.warning)
    assert not [frame for frame in at.dataframe if "Recall" in frame.value]
    at.select_slider(key="k").set_value(10).run()
    assert len(shown(at)) == 4


def test_an_engine_that_does_not_answer_is_one_line_and_the_page_goes_on(open_app, server):
    at = open_app("timing", VIEW)
    server.down = True
    at.button(key="approximate_measure").click().run()
    assert not at.exception
    assert [error.value for error in at.error] == ["memory does not answer at 'nowhere': start it"]
    assert "How to read times" in words(at)


def test_incomplete_answers_and_failed_requests_are_said(open_app, tiny_bundle, monkeypatch):
    loaded = load(KnownEngine(), Engine(tiny_bundle, 1).at(SETTING))
    monkeypatch.setattr(loaded, "kinds", {"vectors": ("FEW",), "codes": ()}, raising=False)
    few = approximate.ApproximateIndex("FEW", {}, {"found": 4})
    monkeypatch.setattr(approximate, "presets", lambda *_: [[few]])
    backend = EngineBackend(loaded, fall_back=True)
    monkeypatch.setattr(Engine, "backend", property(lambda engine: backend))
    at = open_app("timing", VIEW)
    at.button(key="approximate_measure").click().run()
    assert not at.exception
    assert "FEW found=4: 60 queries got fewer than 10 items" in " ".join(warning.value for warning in at.warning)
    assert set(shown(at)["Incomplete"].dropna()) == {60}


def test_measured_indexes_are_points_of_the_trade_off(open_app, server):
    at = open_app("timing", VIEW)
    at.button(key="approximate_measure").click().run()
    kept = at.session_state[kept_indexes.KEY][0].study.found[0]
    at.switch_page("dashboard/tradeoff/page.py").run()
    assert "Approximate index" not in names(at)  # bytes are the cost until times are measured
    at.button(key="tradeoff_measure").click().run()
    assert not at.exception
    drawn = next(trace for trace in traces(at) if trace.get("name") == "Approximate index")
    assert numbers(drawn["x"]) == [kept.clients[0].median_ms]
    assert numbers(drawn["y"]) == [pytest.approx(kept.result.mean("ap", 10))]
    assert "HALF" in drawn["hovertext"][0]
    assert "It is not part of the Pareto front" in words(at)
    at.select_slider(key="k").set_value(9).run()
    assert "Approximate index" not in names(at)


def numbers(column):
    """A column of a figure as plotly writes it."""
    return np.frombuffer(base64.b64decode(column["bdata"]), column["dtype"]).tolist()


def traces(at):
    return [trace for chart in at.get("plotly_chart") for trace in json.loads(chart.proto.spec)["data"]]


def names(at):
    return [trace.get("name") for trace in traces(at)]
