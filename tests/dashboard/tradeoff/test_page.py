from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.engine.engine import Engine
from core.runtime.pinning import alone
from core.settings import Setting
from core.tradeoff.choice import Choice
from core.tradeoff.grid import cheapest_within, quality_grid, with_current
from dashboard.tradeoff import cost_charts as cost
from dashboard.tradeoff import data
from dashboard.tradeoff import grid_charts as charts

VIEW = {"hash": "random-hyperplane", "bits": "16", "multiplier": "1.75", "k": "10"}
SETTING = Setting("semantic", "random-hyperplane", 16, "1.75", "test-vs-test", "wordnet")


@pytest.fixture
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def grid(engine, setting=SETTING, k=10):
    return quality_grid(engine, setting, k, multipliers=with_current(setting.multiplier))


def words(at):
    return " ".join(element.value for element in [*at.markdown, *at.caption])


def figures(at):
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def table(at):
    return at.dataframe[0].value


@pytest.mark.parametrize(("shown", "metric"), [("mAP", "ap"), ("mAHP", "ahp"), ("overlap", "overlap")])
def test_shows_the_grid_of_core(open_app, engine, shown, metric):
    at = open_app("tradeoff", {**VIEW, "tradeoff_quality": shown})
    assert not at.exception
    expected = grid(engine)
    np.testing.assert_allclose(table(at)["quality"], expected.points(metric)["quality"])
    assert table(at)["bytes"].tolist() == expected.points(metric)["bytes"].tolist()
    text = words(at)
    assert f"**{expected.exact[metric]:.4f}**" in text
    assert "all 60 queries" in text
    assert ("hierarchy wordnet" in text) == (metric == "ahp")
    chosen = expected.points(metric).loc[cheapest_within(expected.points(metric), expected.exact[metric], 1.0)]
    assert f"**{chosen['bits']} bits × {chosen['multiplier']}** is the cheapest" in text
    assert len(figures(at)) == 2
    names = [trace.get("name") for trace in figures(at)[0]["data"]]
    assert "You are here: 16 bits × 1.75" in names


def test_the_definition_is_the_sidebar_s(open_app, engine):
    at = open_app("tradeoff", {**VIEW, "map": "ap_source"})
    assert f"**{grid(engine).exact['ap_source']:.4f}**" in words(at)


def test_apply_sets_the_sidebar(open_app, engine):
    at = open_app("tradeoff", VIEW)
    points = grid(engine).points("ap")
    chosen = points.loc[cheapest_within(points, grid(engine).exact["ap"], 1.0)]
    at.button(key="tradeoff_apply").click().run()
    assert not at.exception
    assert at.session_state["_view"].setting.bits == chosen["bits"]
    assert at.session_state["_view"].setting.multiplier == chosen["multiplier"]
    assert at.button(key="tradeoff_apply").disabled
    assert "You are here." in words(at)


def test_the_loss_allowed_moves_the_choice(open_app, engine):
    at = open_app("tradeoff", VIEW)
    at.number_input(key="tradeoff_loss").set_value(60.0).run()
    points = grid(engine).points("ap")
    chosen = points.loc[cheapest_within(points, grid(engine).exact["ap"], 60)]
    assert f"**{chosen['bits']} bits × {chosen['multiplier']}** is the cheapest setting within 60 %" in words(at)


def test_the_nearest_where_none_is_good_enough(open_app):
    at = open_app("tradeoff", {**VIEW, "hash": "random-codes", "bits": "8", "k": "1", "protocol": "test-vs-train"})
    assert not at.exception
    assert "No setting of this grid comes within 1 %" in words(at)
    assert "Nearest is" in words(at)


def test_a_hash_of_one_length(open_app):
    at = open_app("tradeoff", {"hash": "latent-sigmoid", "k": "5"})
    assert not at.exception
    assert set(table(at)["bits"]) == {16}
    at.button(key="tradeoff_apply").click().run()
    assert not at.exception


def test_all_as_multiplier(open_app, engine):
    at = open_app("tradeoff", {**VIEW, "multiplier": "all"})
    assert not at.exception
    last = table(at)[table(at)["multiplier"] == "all"]
    np.testing.assert_allclose(last["quality"], grid(engine).exact["ap"])


def test_controls_are_drawn_when_asked_for(open_app):
    at = open_app("tradeoff", VIEW)
    at.toggle(key="tradeoff_controls").set_value(True).run()
    assert not at.exception
    names = {trace.get("name") for trace in figures(at)[1]["data"]}
    assert {"Random codes (control)", "Predicted class (control)", "Pareto front", "Exact search"} <= names


def test_a_sample_first_then_all(open_app, engine, monkeypatch):
    monkeypatch.setattr("core.tradeoff.grid.SAMPLE", 20)
    monkeypatch.setattr("dashboard.tradeoff.data.SAMPLE", 20)
    at = open_app("tradeoff", VIEW)
    assert "a seeded sample of 20 queries" in words(at)
    sampled = table(at)["quality"].to_numpy()
    at.segmented_control(key="tradeoff_queries").set_value("All").run()
    assert not at.exception
    assert "all 60 queries" in words(at)
    np.testing.assert_allclose(table(at)["quality"], grid(engine).points("ap")["quality"])
    assert not np.array_equal(sampled, table(at)["quality"])


def test_times_are_measured_by_the_button_alone(open_app):
    at = open_app("tradeoff", VIEW)
    assert "ms" not in table(at)
    at.button(key="tradeoff_measure").click().run()
    assert not at.exception
    assert (table(at)["ms"] > 0).all()
    assert figures(at)[1]["layout"]["xaxis"]["title"]["text"].startswith("Median time")
    assert "µs a query" in words(at)
    at.segmented_control(key="tradeoff_cost").set_value("Bytes read").run()
    assert figures(at)[1]["layout"]["xaxis"]["title"]["text"].startswith("Bytes read")
    at.select_slider(key="k").set_value(9).run()  # another k: these times are no longer its
    assert "ms" not in table(at)


def test_a_second_timing_is_refused(open_app):
    at = open_app("tradeoff", VIEW)
    with alone():
        at.button(key="tradeoff_measure").click().run()
    assert not at.exception
    assert "another timing is running" in at.error[0].value
    assert "ms" not in table(at)
    assert len(figures(at)) == 2


def test_sentences():
    row = pd.Series({"bits": 48, "multiplier": "2", "quality": 0.5, "bytes": 100, "ms": 0.02})
    text = data.choice_text(Choice(row, True, 0.0, 0.1), 0.5, "mAP@5", 1, "bytes")
    assert "mAP@5 0.5000 against 0.5000 (0.00 %), with 100 bytes read a query, 10.0 % of exact search's." in text
    assert "2.0 times exact search's: no gain" in data.choice_text(
        Choice(row, True, 1 / 6, 2.0), 0.6, "mAP@5", 50, "ms"
    )
    nearest = data.choice_text(Choice(row, False, 1 / 6, 0.1), 0.6, "mAP@5", 1, "bytes")
    assert nearest.startswith("No setting of this grid comes within 1 %")
    assert "(−16.67 %)" in nearest


def test_ticks_have_units():
    assert [cost._size(count) for count in (500, 2e4, 5e6, 1e9)] == ["500 B", "20 kB", "5 MB", "1 GB"]
    assert [cost._time(ms) for ms in (0.02, 2)] == ["20 µs", "2 ms"]


@pytest.mark.parametrize("dark", [True, False])
def test_a_mark_outside_of_the_grid_is_left_out(engine, dark):
    found = grid(engine)
    figure = charts.heat_map(found, "ap", "mAP@10", charts.Mark("here", 17, "2"), None, dark)
    assert not figure.layout.shapes
    figure = charts.heat_map(found, "ap", "mAP@10", charts.Mark("here", 16, "2"), charts.Mark("c", 8, "3"), dark)
    assert len(figure.layout.shapes) == 4  # each with an edge
