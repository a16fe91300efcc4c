"""The Encoders page on bundles of one and of three encoders: its figures are those of core, its controls work."""

from __future__ import annotations

import io
import shutil

import numpy as np
import pandas as pd
import pytest

from core.bundle import load_bundle
from core.bundle_writer import BundleWriter
from core.class_similarity import by_level, embedding_similarity, rank_correlation
from core.embedding_map import pca_map
from core.encoder_table import encoder_table
from core.engine import Engine
from core.errors import BadInput
from core.settings import Setting
from dashboard import encoders_map
from dashboard.charts import embedding_map as maps
from dashboard.charts import encoders as charts
from dashboard.encoders_table import UNKNOWN, side_by_side
from tests.core.encoder_worlds import write_three
from tests.dashboard.reading import checked, figure, values

VIEW = {"hash": "latent-sigmoid", "k": "10"}
SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def three(tiny_bundle, tmp_path_factory):
    return write_three(tiny_bundle, tmp_path_factory.mktemp("encoders") / "three")


@pytest.fixture
def page(open_app, three):
    def start(bundle=three, **query):
        return checked(open_app("encoders", VIEW | query, bundle.path))

    return start


def words(at):
    return " ".join(element.value for element in [*at.markdown, *at.caption])


def shown(at):
    return at.table[0].value.set_index("")


def with_map(bundle, folder, places, encoder="semantic"):
    shutil.copytree(bundle.path, folder)
    bundle = load_bundle(folder)
    with BundleWriter(bundle.path) as writer:
        entry = {**bundle.encoder_info(encoder), "map": writer.add_array(places), "map_made": "by hand"}
        writer.commit({**bundle.manifest, "encoders": {**bundle.manifest["encoders"], encoder: entry}})
    return load_bundle(bundle.path)


def test_the_table_is_that_of_core(page, three):
    at = page()
    expected = encoder_table(Engine(three), SETTING, 10, "ap", "ahp").set_index("encoder")
    text = shown(at)
    assert list(text) == ["semantic", "small", "softmax"]
    for encoder, row in expected.iterrows():
        for label, column in (
            ("mAP@10, exact", "map"),
            ("P@1, exact", "precision_at_1"),
            ("mAHP@10, hashed", "hashed_mahp"),
        ):
            low, high = row[f"{column}_low"], row[f"{column}_high"]
            assert text.loc[label, encoder].strip("*") == f"{row[column]:.4f} [{low:.4f}, {high:.4f}]"
    best = expected["map"].idxmax()
    assert [encoder for encoder in text if text.loc["mAP@10, exact", encoder].startswith("**")] == [best]
    assert text.loc["Encoding one image"].tolist() == ["4 ms", "**1 ms**", UNKNOWN]
    assert text.loc["Accuracy, held-out images"].tolist() == ["75.0 %", UNKNOWN, UNKNOWN]
    assert text.loc["Parameters"].tolist() == ["3.2 million", UNKNOWN, UNKNOWN]
    assert text.loc["Bytes an image, float32"].tolist() == ["64", "16", "40"]
    assert text.loc["Code"].tolist() == ["Latent sigmoid layer, 16 bits", *["Random hyperplanes, 16 bits"] * 2]
    assert "No codes by Latent sigmoid layer: small, softmax; there hashed search is by Random hyperplanes" in words(at)
    assert "In batches of 256 on 2 threads: semantic." in words(at)


def test_the_sidebar_s_definitions_k_protocol_and_hierarchy_count(page, three):
    at = page(k="5", map="ap_source", mahp="ahp_trapezoid", protocol="test-vs-train", hierarchy="superclass")
    setting = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-train", "superclass")
    row = encoder_table(Engine(three), setting, 5, "ap_source", "ahp_trapezoid").iloc[1]
    text = shown(at)["small"]
    assert [value.strip("*")[:6] for value in text.iloc[2:4]] == [f"{row['map']:.4f}", f"{row['mahp']:.4f}"]
    assert "protocol test-vs-train, hierarchy superclass" in words(at)


def test_the_file_holds_every_digit(page, three, monkeypatch):
    import streamlit as st

    files = {}
    plain = st.download_button
    monkeypatch.setattr(st, "download_button", lambda *a, **kw: (files.update({kw["key"]: a[1]}), plain(*a, **kw))[1])
    page()
    frame = pd.read_csv(io.StringIO(files["encoders_csv"]))
    expected = encoder_table(Engine(three), SETTING, 10, "ap", "ahp")
    np.testing.assert_array_equal(frame["map"], expected["map"])
    assert frame["hash"].tolist() == expected["hash"].tolist()
    assert frame["encode_batch"].tolist()[0] == 256


def test_one_encoder_with_nothing_optional(page, tiny_bundle):
    at = page(tiny_bundle)
    assert list(shown(at)) == ["semantic"]
    assert not any("**" in value for value in shown(at)["semantic"])  # nothing to compare it with
    assert "Encoding one image" not in shown(at).index
    assert not [box for box in at.selectbox if box.label == "Encoder looked at"]
    assert any("does not say how long" in info.value for info in at.info)
    assert "keeps no log of semantic's training" in words(at)
    assert len(figure(at, "encoders_map_semantic")["data"]) == 4  # a trace a superclass


def test_quality_against_time(page, three):
    at = page()
    expected = encoder_table(Engine(three), SETTING, 10, "ap", "ahp")
    exact, hashed = figure(at, "encoders_scatter")["data"]
    assert list(exact["text"]) == ["semantic", "small"]
    assert values(exact["x"]).tolist() == [4.0, 1.0]
    np.testing.assert_allclose(values(exact["y"]), expected["map"][:2])
    np.testing.assert_allclose(values(hashed["y"]), expected["hashed_map"][:2])
    assert "Without a measured time: softmax." in words(at)
    at.segmented_control(key="encoders_quality").set_value("precision_at_1").run()
    (exact,) = figure(checked(at), "encoders_scatter")["data"]
    np.testing.assert_allclose(values(exact["y"]), expected["precision_at_1"][:2])
    at.segmented_control(key="encoders_time").set_value("In batches").run()
    (exact,) = figure(checked(at), "encoders_scatter")["data"]
    assert values(exact["x"]).tolist() == [0.5]
    assert "Without a measured time: small, softmax." in words(at)


def test_the_map_shows_every_image_at_its_components(page, three):
    at = page()
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


def test_the_encoder_looked_at_is_the_sidebar_s_until_another_is_chosen(page, three):
    at = page(encoder="small")
    assert figure(at, "encoders_map_small")
    at.selectbox(key="encoders_shown_small").set_value("softmax").run()
    trace = figure(checked(at), "encoders_map_softmax")["data"][0]
    places = pca_map(three.embeddings("softmax", "test"))
    np.testing.assert_allclose(values(trace["x"]), places[values(trace["customdata"]), 0])
    assert "keeps no log of softmax's training" in words(at)
    assert "Mean inner product goes from" in words(at)
    at.selectbox(key="encoder").set_value("semantic").run()
    assert figure(checked(at), "encoders_map_semantic")


def test_one_superclass_highlighted(page, three):
    at = page()
    at.selectbox(key="encoders_highlight").set_value("group1").run()
    rest, *classes = figure(checked(at), "encoders_map_semantic")["data"]
    assert rest["name"] == "all others"
    assert [trace["name"] for trace in classes] == ["class3", "class4", "class5"]
    assert len(values(rest["x"])) == 60 - sum(len(values(trace["x"])) for trace in classes)
    looks = {(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in classes}
    assert len(looks) == 3


def test_a_precomputed_map_is_shown_first(page, three, tmp_path):
    places = np.arange(120, dtype=np.float32).reshape(60, 2)
    bundle = with_map(three, tmp_path / "mapped", places)
    at = page(bundle)
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
    at = open_app("encoders", VIEW, bundle.path)
    assert not at.exception
    assert "shape [59, 2]" in at.error[0].value
    assert list(shown(at)) == ["semantic", "small", "softmax"]
    assert figure(at, "encoders_levels")


def test_a_clicked_point_opens_its_image_once(page, monkeypatch):
    at = page()
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
    at.switch_page("dashboard/encoders.py").run()
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


def test_class_similarity_beside_the_tree(page, three):
    at = page()
    found = embedding_similarity(three.embeddings("semantic", "test"), three.labels("test"), 10)
    tree = three.hierarchy("wordnet").similarity()
    assert f"is **{rank_correlation(found, tree):.3f}**" in words(at)
    levels = by_level(found, tree)
    assert f"Mean cosine goes from {levels['mean'].iloc[0]:.3f} where the tree says 0" in words(at)
    # the small bundle's classes stand in the order of their superclasses already
    np.testing.assert_allclose(values(figure(at, "encoders_similarity")["data"][0]["z"]), found, atol=1e-4)
    np.testing.assert_allclose(values(figure(at, "encoders_tree")["data"][0]["z"]), tree, atol=1e-4)
    spans = [
        (trace["zmin"], trace["zmax"])
        for key in ("similarity", "tree")
        for trace in figure(at, f"encoders_{key}")["data"]
    ]
    assert spans[0] == spans[1]
    box, means = figure(at, "encoders_levels")["data"]
    np.testing.assert_allclose(values(box["median"]), levels["median"])
    np.testing.assert_allclose(values(means["y"]), levels["mean"])
    at.segmented_control(key="encoders_colour").set_value("Rank").run()
    ranks = values(figure(checked(at), "encoders_similarity")["data"][0]["z"])
    assert np.nanmax(ranks) == 1.0
    at.selectbox(key="hierarchy").set_value("superclass").run()
    assert f"{rank_correlation(found, three.hierarchy('superclass').similarity()):.3f}" in words(checked(at))


def test_the_training_run(page):
    at = page()
    loss = figure(at, "encoders_training_loss")["data"][0]
    assert values(loss["y"]).tolist() == [3.5, 2.0, 1.5, 1.25]
    drawn = figure(at, "encoders_training_held_out_accuracy")
    assert values(drawn["data"][0]["x"]).tolist() == [1, 2, 3, 4]
    assert drawn["layout"]["annotations"][0]["text"] == "best 75.00%"
    assert "4 epochs, 4 minutes, 62.5 % of the held-out images right at the end" in words(at)


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


def test_maps_of_similarity_with_and_without_superclasses():
    values = np.arange(9.0).reshape(3, 3)
    grouped = charts.similarity_map(values, ["a_b", "c", "d"], ["x", "x", "y"], (0, 8))
    assert grouped.layout.yaxis.ticktext == ("x", "y")
    assert grouped.layout.yaxis.tickvals == ("a b", "d")
    assert len(grouped.layout.shapes) == 2  # one line each way between the two superclasses
    assert {(shape.x0, shape.y0) for shape in grouped.layout.shapes} == {(0, 1.5), (1.5, 0)}
    plain = charts.similarity_map(values, ["a b", "a_b", "d"], None, (0, 8))
    assert plain.data[0].x == ("a b", "a_b", "d")  # names that read alike stay apart
    assert not plain.layout.shapes


def test_text_where_nothing_was_judged():
    frame = encoder_frame(problem="no embeddings")
    text = side_by_side(frame)
    assert text[""].tolist() == ["Dimensions", "Bytes an image, float32"]


def encoder_frame(**changes):
    from core.encoder_table import to_frame

    row = {"encoder": "a", "dimensions": 3, "bytes": 12, "k": 5, "map_metric": "ap", "mahp_metric": "ahp"}
    return to_frame([row | changes])
