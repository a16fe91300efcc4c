"""The Queries page on the tiny bundle: its numbers are those of core, every control does what it says."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from core.metrics.intervals import compare
from core.reports.query_analysis import CELLS, by_superclass, cell_counts, cells, shares, top_labels
from core.settings import Setting, curve_ks
from dashboard.shared import confusion_charts
from tests.dashboard.reading import checked, figure

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
K = 10


@pytest.fixture
def page(open_app):
    def start(**query):
        at = open_app("queries", query={"hash": "latent-sigmoid", "k": str(K)} | query)
        return checked(at)

    return start


def cell_numbers(at):
    """The counts of the 2 x 2, in rows."""
    texts = [note["text"] for note in figure(at, "queries_cells")["layout"]["annotations"]]
    return [int(text[3:-4].replace(",", "")) for text in texts if text.startswith("<b>")]


def expected_cells(engine, field, k=K):
    found = [getattr(top_labels(engine, SETTING, search, k), field) for search in ("exact", "hashed")]
    return cells(engine.at(SETTING).task.query_labels, *found)


def both(engine, metric):
    results = engine.evaluate(SETTING, curve_ks(K, 59), ("exact", "hashed"))
    return (results[search].at(metric, K) for search in ("exact", "hashed"))


def test_the_table_holds_every_query_largest_loss_first(page, engine):
    table = page().dataframe[0].value
    exact, hashed = both(engine, "ap")
    order = np.argsort(hashed - exact, kind="stable")
    np.testing.assert_array_equal(table["query"], order)
    np.testing.assert_array_equal(table["ap_exact"], exact[order])
    np.testing.assert_array_equal(table["ap_hashed"], hashed[order])
    np.testing.assert_array_equal(table["loss"], (exact - hashed)[order])
    ahp_exact, ahp_hashed = both(engine, "ahp")
    np.testing.assert_array_equal(table["ahp_exact"], ahp_exact[order])
    np.testing.assert_array_equal(table["ahp_hashed"], ahp_hashed[order])


def test_orders_and_filters(page, engine):
    at = page()
    at.selectbox(key="order").set_value("Lowest hashed AP").run()
    assert checked(at).dataframe[0].value["ap_hashed"].is_monotonic_increasing
    at.selectbox(key="order").set_value("Index").run()
    assert at.dataframe[0].value["query"].tolist() == list(range(60))
    at.selectbox(key="in_class").set_value("class3").run()
    expected = np.flatnonzero(engine.bundle.labels("test") == 3)
    assert checked(at).dataframe[0].value["query"].tolist() == expected.tolist()
    at.selectbox(key="in_class").set_value("Any").run()
    cell = expected_cells(engine, "first")
    for number, name in enumerate(CELLS):
        at.selectbox(key="cell").set_value(name.capitalize()).run()
        assert checked(at).dataframe[0].value["query"].tolist() == np.flatnonzero(cell == number).tolist()


def test_the_two_by_two_at_rank_1_and_by_majority(page, engine):
    at = page()
    assert cell_numbers(at) == cell_counts(expected_cells(engine, "first")).ravel().tolist()
    at.segmented_control(key="judge").set_value("Majority of the top k").run()
    assert cell_numbers(checked(at)) == cell_counts(expected_cells(engine, "majority")).ravel().tolist()


def test_the_protocol_with_self_says_that_rank_1_is_the_query(page):
    at = page(protocol="test-vs-test-with-self")
    assert any("finds itself there" in caption.value for caption in at.caption)


def test_differences_are_those_of_the_paired_comparison(page, engine):
    at = page()
    compared = compare(*both(engine, "ap"))
    text = next(caption.value for caption in at.caption if "Hashed minus exact" in caption.value)
    assert f"mean {compared.difference:+.4f} (95 % interval {compared.low:+.4f} to {compared.high:+.4f}" in text
    assert f"better on {compared.wins} queries, equal on {compared.ties}, worse on {compared.losses};" in text
    worse, better, equal = figure(at, "queries_differences")["data"]
    assert (total(worse), total(better), total(equal)) == (compared.losses, compared.wins, compared.ties)
    at.toggle(key="log_counts").set_value(True).run()
    assert figure(checked(at), "queries_differences")["layout"]["yaxis"]["type"] == "log"


def total(bars):
    y = bars["y"]
    if isinstance(y, dict):
        return int(np.frombuffer(base64.b64decode(y["bdata"]), y["dtype"]).sum())
    return int(sum(y))


@pytest.mark.parametrize(("shown", "search"), [("Exact", "exact"), ("Hashed", "hashed"), ("Hamming", "hamming")])
def test_confusion_pairs_are_those_of_core(page, engine, shown, search):
    at = page(confusion=shown)
    pairs = at.dataframe[1].value
    share = shares(top_labels(engine, SETTING, search, K).confusion)
    np.fill_diagonal(share, 0)
    first = pairs.iloc[0]
    assert first["share"] == pytest.approx(100 * share.max())
    a, b = (int(first[name].removeprefix("class")) for name in ("class", "returned"))
    assert share[a, b] == share.max()
    assert pairs["share"].is_monotonic_decreasing


def test_both_levels_of_the_heat_map(page):
    at = page()
    assert len(figure(at, "queries_confusion")["data"]) == 3  # colours, pointer, diagonal in words
    at.segmented_control(key="level").set_value("Classes").run()
    assert len(figure(checked(at), "queries_confusion")["data"]) == 2


def test_a_ticked_row_opens_its_query_once(page, engine, monkeypatch):
    at = page()
    visit = at.session_state["queries_visit"]
    exact, hashed = both(engine, "ap")
    opened = int(np.argsort(hashed - exact, kind="stable")[2])
    # AppTest cannot tick rows of a table: what the page reads of one is given to it.
    import streamlit as st

    plain = st.dataframe

    def ticked(*args, key=None, **kwargs):
        event = plain(*args, key=key, **kwargs)
        if key == f"queries_table_{visit}":
            event = type("Event", (), {"selection": type("Selection", (), {"rows": [2]})})
        return event

    monkeypatch.setattr(st, "dataframe", ticked)
    at.run()
    assert not at.exception
    assert at.title[0].value == "Retrieval"
    assert at.number_input(key="query").value == opened
    at.switch_page("dashboard/queries/page.py").run()
    assert at.title[0].value == "Queries"
    assert at.session_state["queries_visit"] == visit + 1


@pytest.mark.parametrize("dark", [False, True])
def test_figures_stand_with_and_without_superclasses(dark):
    share = shares(np.array([[5, 3, 2], [1, 8, 1], [0, 4, 6]]))
    assert confusion_charts.superclass_confusion(share, ["a_b", "c", "d"], dark).data[0].zmax == pytest.approx(0.4)
    assert (
        confusion_charts.class_confusion(share, ["a", "b", "c"], None).layout.yaxis.dtick == 1
    )  # every name is written
    grouped = confusion_charts.class_confusion(share, ["a", "b", "c"], ["x", "x", "y"])
    assert grouped.layout.yaxis.ticktext == ("x", "y")
    assert list(grouped.layout.yaxis.tickvals) == [0.5, 2.0]
    nothing = confusion_charts.superclass_confusion(np.eye(2), ["a", "b"], dark)
    assert nothing.data[0].zmax == 1.0


def test_superclasses_sum_their_classes(engine):
    confusion = top_labels(engine, SETTING, "hashed", K).confusion
    summed = by_superclass(confusion, engine.bundle.superclass_of, 4)
    assert summed.sum() == confusion.sum() == 60 * K
