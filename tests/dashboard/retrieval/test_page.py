"""The Retrieval page on the tiny bundle: its numbers are those of core, every control does what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.datasets.arrays import import_arrays
from core.datasets.cifar import Cifar
from core.datasets.cifar100 import CIFAR_100
from core.datasets.registry import DATASETS
from core.engine.retrieval import retrieve
from core.settings import Setting, curve_ks
from dashboard.retrieval import picture_choice
from dashboard.retrieval.tiles import lost_sentence

SETTING = Setting("semantic", "latent-sigmoid", 16, "2", "test-vs-test", "wordnet")
K = 10


@pytest.fixture
def page(open_app):
    def start(**query):
        asked = {"hash": "latent-sigmoid", "k": str(K)} | {name: str(value) for name, value in query.items()}
        at = open_app("retrieval", query=asked)
        assert not at.exception
        assert not at.error
        return at

    return start


def press(at, name):
    at.button(key=f"retrieval_{name}").click().run()
    assert not at.exception
    return at


def grids(at):
    return [element.proto.body for element in at.get("html") if 'role="list"' in element.proto.body]


def texts(at, kind):
    return [element.value for element in at.get(kind)]


def test_numbers_are_those_of_the_engine(page, engine):
    at = page(query=7, hamming="true", asymmetric="true")
    searches = ("exact", "hashed", "hamming", "asymmetric")
    results = engine.evaluate(SETTING, [K], searches)
    table = at.dataframe[0].value
    assert table["search"].tolist() == ["Exact", "Hashed", "Hamming only", "Asymmetric"]
    for metric, column in (("ap", f"AP@{K}"), ("ahp", f"AHP@{K}")):
        np.testing.assert_allclose(table[column], [results[s].at(metric, K)[7] for s in searches], atol=1e-12)
    np.testing.assert_array_equal(table["same class"], [results[s].at("precision", K)[7] * K for s in searches])
    np.testing.assert_array_equal(table["of exact top k"], [results[s].at("overlap", K)[7] * K for s in searches])
    found = retrieve(engine.at(SETTING), 7, K)
    assert lost_sentence(found, engine.bundle.labels("test")) in texts(at, "markdown")


def test_definitions_of_the_sidebar_are_used(page, engine):
    table = page(query=7, map="ap_source", mahp="ahp_trapezoid").dataframe[0].value
    results = engine.evaluate(SETTING, [K], ("exact", "hashed"))
    for metric, column in (("ap_source", f"AP (÷ k)@{K}"), ("ahp_trapezoid", f"AHP (trapezoid)@{K}")):
        np.testing.assert_allclose(table[column], [r.at(metric, K)[7] for r in results.values()], atol=1e-12)


def test_grids_show_the_answers_in_order(page, engine):
    at = page(query=7, shown=5)
    found = retrieve(engine.at(SETTING), 7, K)
    query, exact, hashed = grids(at)[:3]
    assert "image 7" in query
    for grid, search in ((exact, "exact"), (hashed, "hashed")):
        places = [grid.index(f"image {item}&quot;" if f"image {item}&quot;" in grid else f'image {item}"')
                  for item in found.answers[search].ids[:5]]  # fmt: skip
        assert places == sorted(places)
        assert grid.count('role="listitem"') == 5


def test_the_number_shown_follows_slider_and_button(page):
    at = page(query=7, k=30)
    assert at.slider(key="shown").value == 20
    at.slider(key="shown").set_value(6).run()
    assert grids(at)[1].count('role="listitem"') == 6
    press(at, "more")
    assert at.slider(key="shown").value == 12
    assert grids(at)[2].count('role="listitem"') == 12
    at.select_slider(key="k").set_value(8).run()
    assert at.slider(key="shown").value == 8
    at.select_slider(key="k").set_value(1).run()
    assert not at.exception
    assert grids(at)[1].count('role="listitem"') == 1


def test_toggles_add_grids(page):
    at = page(query=3)
    before = len(grids(at))
    at.toggle(key="hamming").set_value(True).run()
    assert len(grids(at)) == before + 1
    at.toggle(key="asymmetric").set_value(True).run()
    assert len(grids(at)) == before + 2
    assert not at.exception


def test_a_hash_without_real_values_offers_no_asymmetric_search(page):
    at = page(hash="predicted-class")
    assert "asymmetric" not in [toggle.key for toggle in at.toggle]
    assert "D 0" in " ".join(grids(at)).replace("<span>", " ")


def test_next_and_previous_go_round(page):
    at = page(query=59)
    assert press(at, "next").number_input(key="query").value == 0
    assert press(at, "previous").number_input(key="query").value == 59
    assert press(at, "previous").number_input(key="query").value == 58


def test_random_names_its_seed(page):
    at = press(page(), "random")
    note = next(text for text in texts(at, "caption") if "seed" in text)
    seed = int(note.split("seed ")[1].rstrip("."))
    assert at.number_input(key="query").value == np.random.default_rng(seed).choice(60)


def test_hardest_and_largest_loss_walk_down_their_lists(page, engine):
    ks = curve_ks(K, 59)
    results = engine.evaluate(SETTING, ks, ("exact", "hashed"))
    exact, hashed = (results[search].at("ap", K) for search in ("exact", "hashed"))
    at = page()
    for name, order in (
        ("hardest", np.argsort(hashed, kind="stable")),
        ("loss", np.argsort(hashed - exact, kind="stable")),
    ):
        for place in order[:3]:
            assert press(at, name).number_input(key="query").value == place
        assert any("3 of 60 queries" in text for text in texts(at, "caption"))
    at.number_input(key="query").set_value(11).run()
    assert not any("of 60 queries" in text for text in texts(at, "caption"))


def test_a_class_narrows_the_buttons(page, engine):
    places = np.flatnonzero(engine.bundle.labels("test") == 4)
    at = page(query=int(places[1]) + 1)
    at.selectbox(key="retrieval_class").set_value("class4").run()
    assert at.number_input(key="query").value == places[2]
    assert press(at, "next").number_input(key="query").value == places[3]
    assert press(at, "previous").number_input(key="query").value == places[2]
    for name in ("random", "hardest", "loss"):
        assert press(at, name).number_input(key="query").value in places


@pytest.mark.parametrize(
    ("given", "shown", "words"),
    [("99", 59, "query 59 is shown"), ("-4", 0, "outside 0 to 59"), ("x", 0, "no whole number")],
)
def test_bad_links_are_clamped_and_said(page, given, shown, words):
    at = page(query=given)
    assert at.number_input(key="query").value == shown
    assert any(words in text for text in texts(at, "warning"))
    at.run()
    assert any(words in text for text in texts(at, "warning"))  # until another query is chosen
    at.number_input(key="query").set_value(5).run()
    assert not any("query" in text for text in texts(at, "warning"))


def test_another_page_can_ask_for_a_query(page):
    at = page()
    at.switch_page("dashboard/queries/page.py").run()
    at.session_state["query"] = 23  # as state.open_query does
    at.switch_page("dashboard/retrieval/page.py").run()
    assert at.number_input(key="query").value == 23


def test_the_table_is_drawn_once_it_is_opened(page, engine):
    at = page(query=7)
    assert len(at.dataframe) == 1
    at.session_state["retrieval_table"] = True
    at.run()
    assert not at.exception
    found = retrieve(engine.at(SETTING), 7, K)
    shown = at.dataframe[1].value
    assert shown[shown["search"] == "hashed"]["index"].tolist() == found.answers["hashed"].ids.tolist()
    assert "--query 7 --k 10 --searches exact,hashed" in at.code[0].value


def test_without_pictures_a_bundle_of_other_data_says_so(page):
    at = page()
    assert any("without pictures" in text for text in texts(at, "caption"))
    assert not [button for button in at.button if button.key == "pictures_download"]


@pytest.fixture
def as_cifar(monkeypatch, tmp_path):
    """The tiny bundle under the name of CIFAR-100, and no pictures anywhere."""
    monkeypatch.setitem(DATASETS, "tiny", CIFAR_100)
    monkeypatch.setattr(Cifar, "find_root", lambda dataset, *places: None)
    monkeypatch.setattr(picture_choice, "default_download_root", lambda: tmp_path / "cifar")


def test_one_click_downloads(page, as_cifar, monkeypatch, tmp_path):
    asked = []

    def download(root, on_progress, dataset):
        asked.append(root)
        on_progress(1.0)

    monkeypatch.setattr(picture_choice, "download_with_progress", download)
    at = page()
    at.button(key="pictures_download").click().run()
    assert not at.exception
    assert asked == [tmp_path / "cifar"]
    assert at.session_state["picture_root"] == str(tmp_path / "cifar")


def test_a_failed_download_is_said(page, as_cifar, monkeypatch):
    def download(root, on_progress, dataset):
        raise picture_choice.BadInput("could not download CIFAR-100 (no network)")

    monkeypatch.setattr(picture_choice, "download_with_progress", download)
    at = page()
    at.button(key="pictures_download").click().run()
    assert not at.exception
    assert any("no network" in text for text in texts(at, "error"))
    assert len(grids(at)) >= 3  # the rest of the page is there


def test_a_folder_must_be_inside_the_roots(tmp_path):
    inside, empty = tmp_path / "in", tmp_path / "in" / "empty"
    (inside / "cifar-100-python").mkdir(parents=True)
    empty.mkdir()
    assert picture_choice.checked_folder(f" {inside} ", (inside.resolve(),), CIFAR_100) == inside
    for text, words in (
        (str(tmp_path), "outside"),
        (str(Path(inside, "..")), "outside"),
        (str(empty), "holds no"),
        (" ", "no folder"),
        ("~nobody-of-that-name/x", "is no path"),
        (f"{inside}/\0", "is no path"),
    ):
        with pytest.raises(picture_choice.BadInput, match=words):
            picture_choice.checked_folder(text, (inside.resolve(),), CIFAR_100)


def test_a_bundle_with_the_real_pictures_shows_them(open_app, cifar_root):
    shipped = Path(__file__).resolve().parents[3] / "precomputed"
    if not (shipped / "manifest.json").is_file():
        pytest.skip("needs the shipped bundle")
    at = open_app(
        "retrieval", bundle=shipped, options=["--images", str(cifar_root)], query={"query": "17", "shown": "3"}
    )
    assert not at.exception
    assert all("data:image/png;base64," in grid for grid in grids(at)[:3])
    label = load_bundle(shipped).labels("test")[17]
    name = load_bundle(shipped).class_names[label].replace("_", " ")
    assert name in [text.lower() for text in texts(at, "subheader")]


def test_an_inner_product_is_called_one(open_app, tmp_path):
    rng = np.random.default_rng(0)
    vectors = 30 * rng.normal(size=(50, 8)).astype(np.float32)
    import_arrays(tmp_path / "mine", vectors, rng.integers(0, 3, 50), similarity="inner-product")
    at = open_app("retrieval", {"query": "4", "k": "5"}, bundle=tmp_path / "mine")
    assert not at.exception and not at.error
    assert "gallery images by inner product." in at.main.caption[0].value
    best = (vectors.astype(np.float64) @ vectors[4])[np.arange(50) != 4].max()
    assert best > 1000
    assert f"inner product {best:.4g}, " in grids(at)[1]
    assert any("</b> inner product" in element.proto.body for element in at.get("html"))
    assert not any("similarity" in element.proto.body for element in at.get("html"))


def test_cosine_keeps_its_word(page):
    at = page(query=7)
    assert "gallery images by similarity." in at.main.caption[0].value
    assert any("</b> similarity" in element.proto.body for element in at.get("html"))
