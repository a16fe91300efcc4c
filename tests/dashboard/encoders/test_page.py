"""The Encoders page on bundles of one and of three encoders: its figures are those of core, its controls work."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from core.engine.engine import Engine
from core.reports.class_similarity import by_level, embedding_similarity, rank_correlation
from core.reports.encoder_table import encoder_table, to_frame
from core.settings import Setting
from dashboard.encoders import charts
from dashboard.encoders.table import UNKNOWN, side_by_side
from tests.dashboard.reading import checked, figure, values, words

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")


def shown(at):
    return at.table[0].value.set_index("")


def test_the_table_is_that_of_core(open_encoders, three):
    at = open_encoders()
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


def test_the_sidebar_s_definitions_k_protocol_and_hierarchy_count(open_encoders, three):
    at = open_encoders(k="5", map="ap_source", mahp="ahp_trapezoid", protocol="test-vs-train", hierarchy="superclass")
    setting = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-train", "superclass")
    row = encoder_table(Engine(three), setting, 5, "ap_source", "ahp_trapezoid").iloc[1]
    text = shown(at)["small"]
    assert [value.strip("*")[:6] for value in text.iloc[2:4]] == [f"{row['map']:.4f}", f"{row['mahp']:.4f}"]
    assert "protocol test-vs-train, hierarchy superclass" in words(at)


def test_the_file_holds_every_digit(open_encoders, three, monkeypatch):
    import streamlit as st

    files = {}
    plain = st.download_button
    monkeypatch.setattr(st, "download_button", lambda *a, **kw: (files.update({kw["key"]: a[1]}), plain(*a, **kw))[1])
    open_encoders()
    frame = pd.read_csv(io.BytesIO(files["encoders_csv"]))
    expected = encoder_table(Engine(three), SETTING, 10, "ap", "ahp")
    np.testing.assert_array_equal(frame["map"], expected["map"])
    assert frame["hash"].tolist() == expected["hash"].tolist()
    assert frame["encode_batch"].tolist()[0] == 256


def test_one_encoder_with_nothing_optional(open_encoders, tiny_bundle):
    at = open_encoders(tiny_bundle)
    assert list(shown(at)) == ["semantic"]
    assert not any("**" in value for value in shown(at)["semantic"])  # nothing to compare it with
    assert "Encoding one image" not in shown(at).index
    assert not [box for box in at.selectbox if box.label == "Encoder looked at"]
    assert any("does not say how long" in info.value for info in at.info)
    assert "keeps no log of semantic's training" in words(at)
    assert len(figure(at, "encoders_map_semantic")["data"]) == 4  # a trace a superclass


def test_quality_against_time(open_encoders, three):
    at = open_encoders()
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


def test_class_similarity_beside_the_tree(open_encoders, three):
    at = open_encoders()
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


def test_the_training_run(open_encoders):
    at = open_encoders()
    loss = figure(at, "encoders_training_loss")["data"][0]
    assert values(loss["y"]).tolist() == [3.5, 2.0, 1.5, 1.25]
    drawn = figure(at, "encoders_training_held_out_accuracy")
    assert values(drawn["data"][0]["x"]).tolist() == [1, 2, 3, 4]
    assert drawn["layout"]["annotations"][0]["text"] == "best 75.00%"
    assert "4 epochs, 4 minutes, 62.5 % of the held-out images right at the end" in words(at)


def test_maps_of_similarity_with_and_without_superclasses():
    values = np.arange(9.0).reshape(3, 3)
    grouped = charts.similarity_map(values, ["a_b", "c", "d"], ["x", "x", "y"], (0, 8))
    assert grouped.layout.yaxis.ticktext == ("x", "y")
    assert grouped.layout.yaxis.tickvals == (0.5, 2.0)
    assert list(grouped.data[0].text[0]) == ["a b – a b", "a b – c", "a b – d"]
    assert len(grouped.layout.shapes) == 2  # one line each way between the two superclasses
    assert {(shape.x0, shape.y0) for shape in grouped.layout.shapes} == {(0, 1.5), (1.5, 0)}
    plain = charts.similarity_map(values, ["a b", "a_b", "d"], None, (0, 8))
    assert list(plain.data[0].text[0]) == ["a b – a b", "a b – a_b", "a b – d"]  # names that read alike stay apart
    assert not plain.layout.shapes


def test_text_where_nothing_was_judged():
    frame = encoder_frame(problem="no embeddings")
    text = side_by_side(frame)
    assert text[""].tolist() == ["Dimensions", "Bytes an image, float32"]


def encoder_frame(**changes):
    row = {"encoder": "a", "dimensions": 3, "bytes": 12, "k": 5, "map_metric": "ap", "mahp_metric": "ahp"}
    return to_frame([row | changes])
