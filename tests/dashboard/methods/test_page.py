"""The Methods page on a small bundle: its figures are those of core, what is missing is computed when asked for."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.building.add_scores import make_scores
from core.bundle.bundle import load_bundle
from core.bundle.writer import BundleWriter
from core.engine.engine import Engine
from core.methods.leaderboard import method_label
from core.methods.scores import BEST, EXACT, Measure, compared_methods, query_scores
from core.methods.significance import against
from core.settings import ALL, Setting
from dashboard.methods import data as methods_data
from tests.dashboard.reading import checked, figure, values

VIEW = {"hash": "latent-sigmoid", "bits": "16", "k": "10"}
SETTING = Setting("semantic", "latent-sigmoid", 16, "1", "test-vs-test", "wordnet")
WHOLE = Measure("hamming", "ap_trec", ALL)
SCORED = ("random-hyperplane", "itq", "latent-sigmoid", "random-codes", "predicted-class", EXACT)


@pytest.fixture(scope="module")
def scored(tiny_bundle, tmp_path_factory):
    """The tiny bundle with scores of some methods at 8 and 16 bits."""
    folder = tmp_path_factory.mktemp("scored") / "scored"
    shutil.copytree(tiny_bundle.path, folder)
    make_scores(folder, "semantic", SCORED, [8, 16], ["test-vs-test"], threads=1)
    return load_bundle(folder)


@pytest.fixture
def page(open_app, scored):
    def start(bundle=scored, **query):
        return checked(open_app("methods", VIEW | query, bundle.path))

    return start


def figures(at):
    return [chart.proto.id for chart in at.get("plotly_chart")]


def words(at):
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.warning])


def table(at):
    return at.dataframe[0].value.set_index("Method")


def metrics(at):
    return {metric.label: metric.value for metric in at.metric}


def button(at, key):
    return next((each for each in at.button if each.key == key), None)


def test_the_leaderboard_shows_what_is_stored(page, scored):
    at = page()
    engine, shown = Engine(scored, 1), table(at)
    for name in SCORED:
        bits = 4 if name == "predicted-class" else 16
        measure = WHOLE.base if name == EXACT else WHOLE
        expected = query_scores(engine, replace(SETTING, hash=name, bits=bits), measure).mean()
        assert shown.loc[method_label(name), "mAP (÷ R)@all"] == pytest.approx(expected, abs=1e-5)
    assert shown.loc[method_label(BEST), "mAP (÷ R)@all"] == 1.0
    assert shown["mAP (÷ R)@all"].is_monotonic_decreasing
    assert shown.loc[method_label("predicted-class"), "Bits"] == 4
    text = words(at)
    assert "Not at 16 bits but at the nearest length they have: Predicted class (control) 4" in text
    assert "60 queries on 59 images" in text
    assert "the mean over their orders" in text
    assert "Holm's method for 5 comparisons" in text


def test_the_comparison_is_that_of_core(page, scored):
    at = page()
    engine = Engine(scored, 1)
    names = [name for name in compared_methods(engine, "semantic") if name in SCORED]
    columns = {
        name: methods_data.find_scores(
            scored,
            replace(SETTING, hash=name, bits=4 if name == "predicted-class" else 16),
            WHOLE.base if name == EXACT else WHOLE,
        )
        for name in names
    }
    others = [name for name in names if name != "latent-sigmoid"]
    expected = against(columns["latent-sigmoid"], np.stack([columns[name] for name in others], axis=1))
    shown = table(at)
    for name, paired in zip(others, expected, strict=True):
        row = shown.loc[method_label(name)]
        assert row["Difference"] == pytest.approx(paired.comparison.difference)
        assert row["p (Holm)"] == f"{paired.p_holm:.4f}" + (" ✱" if paired.differs else "")
        assert row["Win / tie / loss"].startswith(f"{paired.comparison.wins} / {paired.comparison.ties} / ")
    assert shown.loc["Latent sigmoid layer", "p (Holm)"] == ""
    box = at.selectbox(key="methods_reference_latent-sigmoid")
    box.set_value("itq").run()
    again = table(checked(at))
    assert again.loc["ITQ", "p (Holm)"] == ""
    assert again.loc["Latent sigmoid layer", "Difference"] == pytest.approx(-shown.loc["ITQ", "Difference"])


def test_controls_look_otherwise(page):
    board = figure(page(), "methods_board")
    assert board["layout"]["yaxis"]["type"] == "category"
    methods, controls = board["data"]
    assert (methods["name"], controls["name"]) == ("Methods", "Controls")
    assert len(methods["y"]) == 3
    assert len(controls["y"]) == 4
    assert not set(methods["marker"]["symbol"]) & set(controls["marker"]["symbol"])
    assert "Best possible" in controls["y"]


def test_what_is_missing_is_computed_when_asked_for_and_kept(page, scored, monkeypatch):
    at = page()
    assert "PCA sign" not in table(at).index
    assert "Not scored yet: PCA sign" in words(at)
    button(at, "methods_fill").click().run()
    shown = table(checked(at))
    expected = query_scores(Engine(scored, 1), replace(SETTING, hash="pca-sign"), WHOLE).mean()
    assert shown.loc["PCA sign", "mAP (÷ R)@all"] == pytest.approx(expected, abs=1e-6)
    assert button(at, "methods_fill") is None
    monkeypatch.setattr(methods_data, "query_scores", None)  # nothing is computed again
    at.run()
    assert "PCA sign" in table(checked(at)).index


def test_a_stale_score_is_missing(page, scored, tmp_path):
    folder = tmp_path / "stale"
    shutil.copytree(scored.path, folder)
    bundle = load_bundle(folder)
    entries = [{**e, "inputs": "0" * 64} if e["hash"] == "itq" else e for e in bundle.manifest["scores"]]
    with BundleWriter(folder) as writer:
        writer.commit({**bundle.manifest, "scores": entries})
    at = page(load_bundle(folder))
    assert "ITQ" not in table(at).index
    assert "Random hyperplanes" in table(at).index


def test_by_length(page, scored):
    heat, other = figure(page(), "methods_heat")["data"]  # one for each colour of the text
    white, black = (values(trace["z"]).astype(float) for trace in (heat, other))
    seen = np.where(np.isnan(white), black, white)
    places = {name: row for row, name in enumerate(heat["y"])}
    assert heat["x"] == ["16", "own length"]
    expected = query_scores(Engine(scored, 1), replace(SETTING, hash="itq"), WHOLE).mean()
    assert seen[places["ITQ"]][0] == pytest.approx(expected, abs=1e-5)
    assert np.isnan(seen[places["Predicted class"]][0])


def test_asymmetric_beside_symmetric(page, scored):
    at = page()
    points = [trace for trace in figure(at, "methods_asymmetric")["data"] if trace["mode"] == "markers"]
    assert figure(at, "methods_asymmetric")["layout"]["yaxis"]["type"] == "category"
    symmetric, asymmetric = points
    assert sorted(symmetric["y"]) == ["ITQ, 16", "Latent sigmoid layer, 16", "Random hyperplanes, 16"]
    engine, place = Engine(scored, 1), list(asymmetric["y"]).index("ITQ, 16")
    for trace, search in ((symmetric, "hamming"), (asymmetric, "asymmetric")):
        expected = query_scores(engine, replace(SETTING, hash="itq"), replace(WHOLE, search=search)).mean()
        assert values(trace["x"])[place] == pytest.approx(expected, abs=1e-5)
    assert "Of 3 methods" in words(at)


def test_the_code_of_the_sidebar(page):
    at = page(hash="itq")
    assert "The code: ITQ, 16 bits" in [each.value for each in at.subheader]
    found = metrics(at)
    assert 0 < float(found["Overlap, same class and other"]) < 1
    assert found["Training time"].endswith(" s")
    assert "60 queries, protocol test-vs-test" in words(at)
    for key in ("methods_distances", "methods_balance", "methods_correlation"):
        assert any(key in each for each in figures(at))
    at.selectbox(key="hash").set_value("predicted-class").run()
    assert "The code: Predicted class (control), 4 bits" in [each.value for each in checked(at).subheader]


def test_codes_of_another_distance(page):
    at = page(hash="pq", bits="16")
    assert "digits of numbers" in words(at)
    assert "equal bins" in words(at)


def test_other_searches_metrics_and_k(page, scored):
    at = page(methods_search="hashed", methods_metric="precision", methods_k="10")
    assert "Not scored yet" in words(at)
    button(at, "methods_fill").click().run()
    engine = Engine(scored, 1)
    setting = replace(SETTING, hash="itq", multiplier="2")
    expected = query_scores(engine, setting, Measure("hashed", "precision", 10)).mean()
    shown = table(checked(at))
    assert shown.loc["ITQ", "Precision@10"] == pytest.approx(expected, abs=1e-6)
    assert shown.loc[method_label(BEST), "Precision@10"] == 0.5  # 5 relevant images a query
    at = page(methods_search="asymmetric")
    assert "Predicted class (control) are ranked by Hamming distance" in words(at)
    assert "Product quantisation" not in words(at).split("Not scored yet:")[1].split(".")[0]


def test_a_k_that_the_metric_cannot_have_gives_way(page):
    at = page(methods_metric="ahp")
    assert "The whole gallery is not ranked for mAHP: judged at k = 59." in words(at)


def test_a_bundle_without_scores(page, tiny_bundle):
    at = page(tiny_bundle)
    assert "No method is scored by this measure yet" in words(at)
    assert button(at, "methods_fill") is not None
    assert not [each for each in figures(at) if "methods_board" in each]


def test_the_file_holds_every_digit(page, monkeypatch):
    import io

    import pandas as pd
    import streamlit as st

    files = {}
    plain = st.download_button
    monkeypatch.setattr(st, "download_button", lambda *a, **kw: (files.update({kw["key"]: a[1]}), plain(*a, **kw))[1])
    at = page()
    frame = pd.read_csv(io.BytesIO(files["methods_csv"]))
    np.testing.assert_array_equal(frame["value"], table(at)["mAP (÷ R)@all"])
    assert set(frame["measure"]) == {"hamming:ap_trec@all"}
    assert set(frame["reference"]) == {"latent-sigmoid"}


def test_a_move_looks_nothing_up_again(page, monkeypatch):
    at, asked = page(), []
    monkeypatch.setattr(methods_data, "find_scores", lambda *known: asked.append(known))
    checked(at.select_slider(key="k").set_value(20).run())
    assert not asked
