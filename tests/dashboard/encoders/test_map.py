"""The map of the Encoders page: every image at its place, a click opens one."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core.building.add_embedding_map import pca_map
from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter
from core.errors import BadInput
from dashboard.encoders import map as encoders_map
from dashboard.encoders import map_charts as maps
from tests.dashboard.reading import checked, figure, values, words


def with_map(bundle, folder, places, encoder="semantic"):
    shutil.copytree(bundle.path, folder)
    bundle = load_bundle(folder)
    with BundleWriter(bundle.path) as writer:
        entry = {**bundle.encoder_info(encoder), "map": writer.add_array(places), "map_made": "by hand"}
        writer.commit({**bundle.manifest, "encoders": {**bundle.manifest["encoders"], encoder: entry}})
    return load_bundle(bundle.path)


def test_the_map_shows_every_image_at_its_components(open_encoders, three):
    at = open_encoders()
    places, labels = pca_map(three.embeddings("semantic", "test")), three.labels("test")
    seen = []
    for group, trace in enumerate(figure(at, "encoders_map_semantic")["data"]):
        queries = values(trace["customdata"])
        assert (three.superclass_of[labels[queries]] == group).all()
        assert trace["name"] == f"group{group}"
        np.testing.assert_allclose(np.column_stack([values(trace["x"]), values(trace["y"])]), places[queries])
        assert trace["text"][0] == f"<b>class{labels[queries[0]]}</b><br>group{group}"
        seen += queries.tolist()
    assert sorted(seen) == list(range(60))


def test_the_encoder_looked_at_is_the_sidebar_s_until_another_is_chosen(open_encoders, three):
    at = open_encoders(encoder="small")
    assert figure(at, "encoders_map_small")
    at.selectbox(key="encoders_shown_small").set_value("softmax").run()
    trace = figure(checked(at), "encoders_map_softmax")["data"][0]
    places = pca_map(three.embeddings("softmax", "test"))
    np.testing.assert_allclose(values(trace["x"]), places[values(trace["customdata"]), 0])
    assert "keeps no log of softmax's training" in words(at)
    assert "Mean inner product goes from" in words(at)
    at.selectbox(key="encoder").set_value("semantic").run()
    assert figure(checked(at), "encoders_map_semantic")


def test_one_superclass_highlighted(open_encoders, three):
    at = open_encoders()
    at.selectbox(key="encoders_highlight").set_value("group1").run()
    rest, *classes = figure(checked(at), "encoders_map_semantic")["data"]
    assert rest["name"] == "all others"
    assert [trace["name"] for trace in classes] == ["class3", "class4", "class5"]
    assert len(values(rest["x"])) == 60 - sum(len(values(trace["x"])) for trace in classes)
    looks = {(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in classes}
    assert len(looks) == 3


def test_a_precomputed_map_is_shown_first(open_encoders, three, tmp_path):
    places = np.arange(120, dtype=np.float32).reshape(60, 2)
    bundle = with_map(three, tmp_path / "mapped", places)
    at = open_encoders(bundle)
    trace = figure(at, "encoders_map_semantic")["data"][2]
    np.testing.assert_array_equal(values(trace["x"]), places[values(trace["customdata"]), 0])
    assert "by hand. Near neighbours are kept" in words(at)
    at.segmented_control(key="encoders_map").set_value("PCA").run()
    trace = figure(checked(at), "encoders_map_semantic")["data"][2]
    expected = pca_map(bundle.embeddings("semantic", "test"))
    np.testing.assert_allclose(values(trace["x"]), expected[values(trace["customdata"]), 0])
    assert "principal components" in words(at)


def test_a_map_that_does_not_fit_leaves_the_rest_of_the_page(open_app, three, tmp_path):
    bundle = with_map(three, tmp_path / "mapped", np.zeros((59, 2), np.float32))
    at = open_app("encoders", bundle=bundle.path)
    assert not at.exception
    assert "shape [59, 2]" in at.error[0].value
    assert list(at.table[0].value.set_index("")) == ["semantic", "small", "softmax"]
    assert figure(at, "encoders_levels")


def test_a_clicked_point_opens_its_image_once(open_encoders, monkeypatch):
    at = open_encoders()
    visit = at.session_state["encoders_visit"]
    # AppTest cannot click into a chart: what the page reads of a click is given to it.
    import streamlit as st

    plain = st.plotly_chart

    def clicked(*args, key=None, **kwargs):
        event = plain(*args, key=key, **kwargs)
        return {"selection": {"points": [{"customdata": 37}]}} if key == f"encoders_map_semantic_{visit}" else event

    monkeypatch.setattr(st, "plotly_chart", clicked)
    at.run()
    assert not at.exception
    assert at.title[0].value == "Retrieval"
    assert at.number_input(key="query").value == 37
    at.switch_page("dashboard/encoders/page.py").run()
    assert at.title[0].value == "Encoders"
    assert at.session_state["encoders_visit"] == visit + 1


@pytest.mark.parametrize(
    ("event", "query"),
    [
        (None, None),
        ({"selection": {"points": []}}, None),
        ({"selection": {"points": [{"x": 1.0}]}}, None),
        ({"selection": {"points": [{"customdata": 0}]}}, 0),
        ({"selection": {"points": [{"customdata": [12]}, {"customdata": [3]}]}}, 12),
    ],
)
def test_what_was_clicked(event, query):
    assert encoders_map.clicked(event) == query


def test_a_point_outside_the_queries_is_refused():
    with pytest.raises(BadInput, match="image 60 is outside 0 to 59"):
        encoders_map.open_point(60, 60)


def test_many_groups_are_one_trace():
    many = [f"c{number}" for number in range(maps.MOST_GROUPS + 1)]
    labels = np.arange(100) % len(many)
    points = maps.Points(np.zeros((100, 2)), np.arange(100), labels, labels, many, many)
    assert [trace.name for trace in maps.map_figure(points, None, False).data] == ["all images"]
    assert len(maps.map_figure(points, 3, True).data) == 2
    assert "100 images" in maps.describe(points, "a map")


@pytest.mark.parametrize(("dark", "paper"), [(False, 1.0), (True, 0.0078)])
def test_every_group_stands_out_from_the_page_and_from_the_others(dark, paper):
    def luminance(colour):
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    looks = [maps.group_look(number, dark) for number in range(40)]
    assert len(set(looks)) == 40
    assert len({colour for colour, _ in looks[:20]}) == 20
    for colour, _ in looks:
        low, high = sorted([luminance(colour), paper])
        assert (high + 0.05) / (low + 0.05) >= 3
    assert {symbol for _, symbol in looks[:10]} != {symbol for _, symbol in looks[10:20]}
