from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from core.engine.engine import Engine
from core.metrics.intervals import compare
from core.metrics.registry import METRICS, get_metric
from core.reports.curve_lines import sparse_ks
from core.reports.figures.style import SEARCH_LOOKS
from core.reports.literature import by_count, radius_lookup
from core.settings import Setting
from dashboard.curves import class_charts as classes
from dashboard.curves import series
from dashboard.curves.series import Series
from dashboard.shared.state import View
from tests.dashboard.reading import bar_names
from tests.dashboard.reading import values as numbers

OWN = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, threads=1)


@pytest.fixture
def page(open_app):
    def start(**query):
        at = open_app("curves", query={"k": "10", **query})
        assert not at.exception
        assert not at.error
        return at

    return start


def chart(at, place: int) -> dict:
    return json.loads(at.get("plotly_chart")[place].proto.spec)


def lines(figure: dict) -> dict[str, dict]:
    return {trace["name"]: trace for trace in figure["data"] if "band" not in trace["name"]}


def at_k(trace: dict, k: int) -> float:
    return numbers(trace["y"])[numbers(trace["x"]).tolist().index(k)]


def choose(at, kind: str, key: str, value):
    next(widget for widget in at.get(kind) if widget.key == key).set_value(value)
    return ran(at)


def ran(at):
    at.run()
    assert not at.exception
    return at


def press(at, label: str):
    next(button for button in at.button if button.label == label).click()
    return ran(at)


def test_curves_and_table_show_what_core_computes(page, engine):
    at = page()
    table = at.dataframe[0].value
    for place, metric in ((0, "ap"), (1, "ahp")):
        drawn = lines(chart(at, place))
        for row, (search, label) in enumerate(
            {"exact": "Exact", "hashed": "Hashed (shortlist, exact re-rank)", "hamming": "Hamming only"}.items()
        ):
            result = engine.result(search, OWN, (1, 10, 59))
            for k in (1, 10, 59):
                assert at_k(drawn[label], k) == pytest.approx(result.mean(metric, k), abs=1e-6)
            title = f"{get_metric(metric).label}@10"
            assert table["Search"][row] == label
            assert table[title][row] == pytest.approx(result.mean(metric, 10), abs=1e-6)
            low, high = result.interval(metric, 10)
            assert table[f"{title}, 95 % interval"][row] == f"{low:.4f} to {high:.4f}"


def test_definitions_of_the_sidebar_are_drawn_with_their_ceiling(page):
    at = page(map="ap_source", mahp="ahp_trapezoid")
    for place, metric in ((0, "ap_source"), (1, "ahp_trapezoid")):
        drawn = lines(chart(at, place))
        assert chart(at, place)["layout"]["yaxis"]["title"]["text"] == f"{get_metric(metric).label}@k"
        ceiling = numbers(drawn["Ceiling (perfect ranking)"]["y"])
        assert (ceiling >= numbers(drawn["Exact"]["y"]) - 1e-6).all()
    assert at_k(lines(chart(at, 0))["Ceiling (perfect ranking)"], 10) == pytest.approx(0.5)  # R = 5
    assert at_k(lines(chart(at, 1))["Ceiling (perfect ranking)"], 10) == pytest.approx(0.9)
    assert "Ceiling (perfect ranking)" not in lines(chart(page(), 0))


def test_the_axis_can_be_logarithmic(page):
    assert "type" not in chart(page(), 0)["layout"]["xaxis"]
    at = page(curves_axis="log")
    assert [chart(at, place)["layout"]["xaxis"]["type"] for place in range(3)] == ["log"] * 3


def test_ties_averaged_and_asymmetric_are_lines_of_their_own(page, engine):
    at = page(curves_ties="true", curves_asymmetric="true")
    averaged = lines(chart(at, 0))["Hamming only, ties averaged"]
    assert at_k(averaged, 10) == pytest.approx(engine.result("hamming", OWN, (10,)).mean("ap_expected", 10), abs=1e-6)
    assert "Hamming only, ties averaged" not in lines(chart(at, 1))  # there is no such mAHP
    asymmetric = lines(chart(at, 1))["Asymmetric"]
    assert at_k(asymmetric, 10) == pytest.approx(engine.result("asymmetric", OWN, (10,)).mean("ahp", 10), abs=1e-6)


def test_a_hash_without_real_values_has_no_asymmetric_search(page):
    at = page(hash="random-codes", curves_asymmetric="true")
    assert "Asymmetric" not in lines(chart(at, 0))


def test_controls_are_drawn_beside_the_hash(page, engine):
    at = choose(page(), "multiselect", "curves_controls", ["random-codes", "predicted-class"])
    drawn = lines(chart(at, 0))
    for name, label in (("random-codes", "Random codes"), ("predicted-class", "Predicted class")):
        setting = Setting("semantic", name, 16, "2", "test-vs-test", "wordnet")
        for search, words in (("hashed", "hashed"), ("hamming", "Hamming only")):
            value = engine.result(search, setting, (10,)).mean("ap", 10)
            assert at_k(drawn[f"{label}, {words} (control)"], 10) == pytest.approx(value, abs=1e-6)


def test_a_control_is_not_offered_beside_itself(page):
    at = page(hash="random-codes")
    assert next(widget for widget in at.multiselect if widget.key == "curves_controls").options == ["predicted-class"]


@pytest.mark.parametrize("metric", ["precision", "recall", "ndcg", "ndcg_hierarchical", "hp", "overlap"])
def test_every_other_metric_can_be_chosen(page, engine, metric):
    at = choose(page(), "selectbox", "curves_metric", metric)
    drawn = lines(chart(at, 2))
    expected = engine.result("hashed", OWN, (10,)).mean(metric, 10)
    assert at_k(drawn["Hashed (shortlist, exact re-rank)"], 10) == pytest.approx(expected, abs=1e-6)
    assert any(METRICS[metric].description in caption.value for caption in at.caption)


def test_a_pinned_setting_stays_while_another_is_tried(page, engine):
    at = press(page(), "Pin this setting")
    assert "latent-sigmoid-16-2" in str(at.query_params["pins"])
    choose(at, "selectbox", "hash", "itq")
    label = "Pinned: Latent sigmoid layer 16 bit ×2"
    pinned = engine.result("hashed", OWN, (1, 10))
    assert at_k(lines(chart(at, 0))[label], 1) == pytest.approx(pinned.mean("ap", 1), abs=1e-6)
    table = at.dataframe[1].value
    assert table["Against"].tolist() == ["Latent sigmoid layer 16 bit ×2"] * 2
    own = engine.result("hashed", Setting("semantic", "itq", 16, "2", "test-vs-test", "wordnet"), (10,))
    for row, metric in enumerate(("ap", "ahp")):
        found = compare(pinned.at(metric, 10), own.at(metric, 10))
        assert table["Difference"][row] == pytest.approx(found.difference, abs=1e-6)
        assert table["Effect size"][row] == pytest.approx(found.effect, abs=1e-3)
        assert table["95 % interval"][row] == f"{found.low:+.4f} to {found.high:+.4f}"
        wins, ties, losses = (int(part) for part in table["Win / tie / loss"][row].split(" / "))
        assert wins + ties + losses == 60
    press(at, "Latent sigmoid layer 16 bit ×2")
    assert label not in lines(chart(at, 0))
    assert len(at.dataframe) == 1


def test_pins_come_with_the_link_and_bad_ones_are_dropped_with_a_note(page):
    at = page(pins="itq-8-4;random-hyperplane-64-1.5;pca-sign-96-2")
    drawn = lines(chart(at, 0))
    assert {"Pinned: ITQ 8 bit ×4", "Pinned: Random hyperplanes 64 bit ×1.5"} <= set(drawn)
    assert any("bits 96 is not a length of hash 'pca-sign'" in warning.value for warning in at.warning)


def test_four_pins_are_the_most(page):
    at = page(pins="itq-8-2;itq-16-2;pca-sign-8-2;pca-sign-16-2")
    assert next(button for button in at.button if button.label == "Pin this setting").disabled


def test_bars_by_class_and_by_superclass(page, engine, tiny_bundle):
    at = page()
    results = {search: engine.result(search, OWN, (10,)).at("ap", 10) for search in ("exact", "hashed")}
    labels = tiny_bundle.labels("test")
    for level, groups, names in (
        ("class", labels, tiny_bundle.class_names),
        ("superclass", tiny_bundle.superclass_of[labels], tiny_bundle.superclass_names),
    ):
        choose(at, "button_group", "curves_level", level)
        frame = classes.by_group(results["exact"], results["hashed"], groups, names)
        bars = lines(chart(at, 3))["Hashed (shortlist, exact re-rank)"]
        assert bar_names(chart(at, 3)) == frame["group"].tolist()
        assert numbers(bars["x"]) == pytest.approx(frame["hashed"].to_numpy(), abs=1e-6)


def test_bars_can_be_fewer_and_from_the_other_end(page):
    at = page()
    every = bar_names(chart(at, 3))
    choose(at, "slider", "curves_count_class", 3)
    assert bar_names(chart(at, 3)) == every[:3]
    choose(at, "button_group", "curves_order", classes.ORDERS[1])
    assert bar_names(chart(at, 3)) == every[:-4:-1]
    choose(at, "selectbox", "curves_bars", "recall")
    assert chart(at, 3)["layout"]["xaxis"]["title"]["text"] == "Recall@10"


def test_the_literatures_figures_wait_until_they_are_opened(page, engine, monkeypatch):
    assert not page().metric
    at = page(curves_literature="true")
    found = radius_lookup(engine, OWN)
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Precision, H ≤ 2"] == f"{found.precision.mean():.4f}"
    assert shown["mAP, H ≤ 2"] == f"{found.average_precision.mean():.4f}"
    assert shown["Queries that found nothing"] == f"{found.nothing_found:.2%}"
    assert list(lines(chart(at, 4))) == ["Hamming only"]
    assert len(at.get("plotly_chart")) == 5
    press(at, "Rank the whole gallery")
    assert list(lines(chart(at, 4))) == ["Exact", "Hamming only"]
    whole = by_count(engine, "exact", OWN)
    assert numbers(lines(chart(at, 5))["Exact"]["y"]) == pytest.approx(whole.precision, abs=1e-6)
    choose(at, "select_slider", "multiplier", "3")  # on which none of this depends
    assert len(at.get("plotly_chart")) == 6
    choose(at, "selectbox", "hash", "itq")
    assert len(at.get("plotly_chart")) == 5  # another hash is ranked when asked for


def test_a_move_of_k_moves_the_mark(page, engine):
    at = choose(page(curves_controls="random-codes"), "select_slider", "k", 33)
    assert chart(at, 0)["layout"]["shapes"][0]["x0"] == 33
    table = at.dataframe[0].value
    assert table["mAP@33"][0] == pytest.approx(engine.result("exact", OWN, (33,)).mean("ap", 33), abs=1e-6)
    control = Setting("semantic", "random-codes", 16, "2", "test-vs-test", "wordnet")
    assert 33 not in sparse_ks(33, 59)  # judged at this k alone
    assert table["mAP@33"][3] == pytest.approx(engine.result("hashed", control, (33,)).mean("ap", 33), abs=1e-6)


@pytest.mark.parametrize(("k", "size"), [(1, 1), (3, 5), (59, 59), (250, 9_999), (251, 9_999), (1000, 9_999)])
def test_the_fewer_k_of_other_lines_do_not_move_with_k(k, size):
    ks = sparse_ks(k, size)
    assert ks[0] == 1
    assert ks[-1] == min(size, 250 if k <= 250 else 1000)
    assert len(ks) <= 80
    assert ks == sparse_ks(1 if k <= 250 else 999, size)


def test_moving_k_beyond_250_draws_the_same_curves():
    class Deep(View):
        task = SimpleNamespace(size=9_999)

    exact = Series("Exact", SEARCH_LOOKS["exact"], "exact", OWN)
    drawn = {k: series._ks(Deep(None, OWN, k, "ap", "ahp"), exact) for k in (1, 250, 260, 333, 1000)}
    assert drawn[1] == drawn[250] == list(range(1, 251))
    assert drawn[260] == drawn[333] == drawn[1000] == [*range(1, 251), *range(260, 1001, 10)]
