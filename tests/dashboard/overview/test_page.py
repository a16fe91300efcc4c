from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.datasets.arrays import import_arrays
from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.intervals import compare
from core.reports.outcome import Memory
from core.reports.overview import METRICS, Row, store
from core.runtime.cache import ByteCache
from dashboard.shared import latency, preparing
from dashboard.shared.comparison import detail_table, milliseconds, overview_table, waiting_table
from dashboard.shared.state import View
from dashboard.shared.verdict import interval


@pytest.fixture(autouse=True)
def known_times(monkeypatch):
    """Times that do not depend on the machine; counts how often they are asked for."""
    calls = []

    def fake(engine, setting, k, searches, runs):
        calls.append((setting, k))
        return {"exact": 1.0, "hashed": 0.25, "hamming": 0.1}

    monkeypatch.setattr(latency, "search_times", fake)
    monkeypatch.setattr(latency, "_KEPT", ByteCache(9))
    yield calls


def metrics(at):
    return {metric.label: metric for metric in at.metric}


def table(at):
    return at.table[0].value.set_index("")


def opened(at, key):
    """The table in an expander, once it is opened; not made before."""
    assert not at.dataframe
    at.session_state[key] = True
    return at.run().dataframe[0].value


def test_the_figures_are_those_of_the_engine(app, tiny_bundle):
    assert not app.exception and not app.error
    setting = app.session_state["_view"].setting
    results = Engine(tiny_bundle).evaluate(setting, [59])
    exact, hashed, hamming = (results[name].at("ap", 59) for name in ("exact", "hashed", "hamming"))
    assert metrics(app)["mAP@59"].value == f"{hashed.mean():.4f}"
    row = table(app).loc["mAP@59"]
    assert (row["Exact"], row["Hamming only"]) == (f"{exact.mean():.4f}", f"{hamming.mean():.4f}")
    assert row["Hashed − exact"] == interval(compare(exact, hashed))
    assert row["Hamming − exact"] == interval(compare(exact, hamming))
    assert table(app).loc["Overlap@59"]["Exact"] == "1.0000"


def test_the_headline_comes_first_and_has_the_speed(app):
    headline = app.main.markdown[0].value
    assert headline.startswith("#### Hashed search (Latent sigmoid layer, 16 bits, shortlist of all 59)")
    assert "answers one query 4.0 times as fast" in headline
    assert table(app).loc["Time for one query"].tolist() == [
        "1 ms", "0.25 ms", "4.0 times as fast", "0.1 ms", "10.0 times as fast"
    ]  # fmt: skip
    assert metrics(app)["One query"].delta == "-0.75 ms"


def test_bytes_count_code_and_embedding(app):
    assert metrics(app)["Code"].value == "2 bytes"
    assert table(app).loc["Bytes an image, searched"].tolist() == [
        "64", "66 (code 2 + embedding)", "+2", "2", "−62"
    ]  # fmt: skip
    loaded = opened(app, "overview_what").set_index("what")["value"]
    assert loaded["embedding"] == "16 dimensions; 64 bytes searched as float32, 32 bytes stored as float16"
    assert loaded["accuracy"] == "80.0 %"


def test_dots_go_where_the_search_is_refused(open_app, monkeypatch):
    def refuse(view, *_):
        raise BadInput("codes are damaged: make them anew")

    monkeypatch.setattr(View, "results", refuse)
    app = open_app()
    assert [error.value for error in app.error] == ["codes are damaged: make them anew"]
    assert not app.metric


def test_stored_rows_are_shown_without_a_search(open_app, make_bundle, monkeypatch):
    bundle = make_bundle()
    store(bundle)
    monkeypatch.setattr(View, "results", None)
    app = open_app(bundle=bundle.path)
    assert not app.exception
    results = Engine(bundle).evaluate(app.session_state["_view"].setting, [59])
    assert metrics(app)["mAP@59"].value == f"{results['hashed'].mean(METRICS[0], 59):.4f}"
    assert table(app).loc["Time for one query"]["Exact"] == "1 ms"


def test_it_waits_for_what_is_compiled(open_app, make_bundle, monkeypatch):
    waits = []
    monkeypatch.setattr(preparing, "wait", lambda part="everything": waits.append(part))
    bundle = make_bundle()
    app = open_app(bundle=bundle.path)
    assert waits == ["overview", "everything"]  # for numbers, then for times
    store(bundle)
    app.run()
    assert waits[2:] == ["everything"]


def test_what_is_loaded_is_said(app, tiny_bundle):
    assert "**Tiny** · 60 queries, each searching 59 images · encoder semantic (16 dimensions, 80.0 % accuracy)" in (
        app.main.caption[0].value
    )
    loaded = opened(app, "overview_what").set_index("what")["value"]
    assert tiny_bundle.version in loaded["bundle"]
    assert loaded["images"] == "test 60, train 150"
    assert loaded["stored hashes"] == "latent-sigmoid"


def test_definitions_and_k_change_the_table(app):
    app.selectbox(key="map").set_value("ap_source")
    app.select_slider(key="k").set_value(5)
    app.run()
    assert list(table(app).index[:3]) == ["mAP (÷ k)@5", "mAHP@5", "Overlap@5"]
    assert "mAP as `ap_source`" in " ".join(caption.value for caption in app.main.caption)


def test_wins_ties_and_losses_add_up(app):
    app.select_slider(key="k").set_value(5).run()
    details = opened(app, "overview_effects")
    assert len(details) == 6
    assert (details[["wins", "ties", "losses"]].sum(axis=1) == 60).all()


def test_a_setting_is_timed_once(app, known_times):
    app.selectbox(key="mahp").set_value("ahp_trapezoid").run()
    app.selectbox(key="hierarchy").set_value("superclass").run()
    assert len(known_times) == 1
    app.select_slider(key="k").set_value(5).run()
    assert len(known_times) == 2


def test_the_protocols_catch_is_said(app):
    assert not app.info
    app.selectbox(key="protocol").set_value("test-vs-test-with-self").run()
    assert "scores 1.0 by construction" in app.info[0].value
    app.selectbox(key="protocol").set_value("test-vs-train").run()
    assert "trained on" in app.info[0].value


def test_queries_without_anything_relevant_are_counted(open_app, tmp_path):
    rng = np.random.default_rng(0)
    labels = np.r_[np.arange(40) % 4, 4, 5]
    import_arrays(tmp_path / "mine", rng.normal(size=(42, 8)).astype("f4"), labels)
    at = open_app(bundle=tmp_path / "mine")
    assert not at.exception
    assert at.info[0].value.startswith("2 of 42 queries have no relevant image")


def test_a_table_without_times_has_dots_and_slower_is_said():
    same = compare(np.array([0.1, 0.2]), np.array([0.1, 0.2]))
    row = Row("mAP@5", 0.15, 0.15, 0.15, same, same)
    memory = Memory(400, 200, "float16", 6)
    assert overview_table([row], memory, None).iloc[1, 1:].tolist() == ["…"] * 5
    slow = overview_table([row], memory, {"exact": 1.0, "hashed": 2.5, "hamming": 1.0}).iloc[1]
    assert (slow["Hashed − exact"], slow["Hamming − exact"]) == ("2.5 times as long", "1.0 times as fast")
    assert isinstance(detail_table([row]), pd.DataFrame)


def test_what_waits_has_the_form_of_what_comes():
    same = compare(np.array([0.1, 0.2]), np.array([0.1, 0.2]))
    memory = Memory(400, 200, "float16", 6)
    waiting, there = waiting_table(["mAP@5"], memory), overview_table([Row("mAP@5", 0, 0, 0, same, same)], memory, None)
    assert waiting.iloc[0].tolist() == ["mAP@5", *["…"] * 5]
    assert waiting.iloc[1:].equals(there.iloc[1:]) and list(waiting.columns) == list(there.columns)


@pytest.mark.parametrize(("value", "text"), [(0.035649, "0.0356 ms"), (12.34, "12.3 ms"), (1234.5, "1,234 ms")])
def test_milliseconds(value, text):
    assert milliseconds(value) == text
