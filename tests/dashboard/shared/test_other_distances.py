"""Every page with codes that are not compared by Hamming distance: numbers are core's, what means nothing is a note."""

from __future__ import annotations

import pytest

from core.engine.retrieval import retrieve
from core.settings import Setting

LENGTHS = {"kmeans": 7, "pq": 64, "rabitq": 80}  # what the default length becomes
TITLES = {"kmeans": "place of the cell", "pq": "squared distance by look-up", "rabitq": "estimated squared distance"}
PAGES = ["overview", "curves", "tradeoff", "queries", "timing", "encoders", "export"]


def setting(name):
    return Setting("semantic", name, LENGTHS[name], "2", "test-vs-test", "wordnet")


@pytest.fixture
def page(open_app):
    def start(name, hash_name, **query):
        at = open_app(name, query={"hash": hash_name, "bits": str(LENGTHS[hash_name]), "k": "10", **query})
        assert not at.exception
        assert not at.error
        return at

    return start


@pytest.mark.parametrize("hash_name", LENGTHS)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(page, name, hash_name):
    at = page(name, hash_name)
    assert at.session_state["hash"] == hash_name


@pytest.mark.parametrize("hash_name", LENGTHS)
def test_retrieval_names_and_shows_the_distance(page, engine, hash_name):
    at = page("retrieval", hash_name, query="7", hamming="true")
    found = retrieve(engine.at(setting(hash_name)), 7, 10)
    grids = [element.proto.body for element in at.get("html") if 'role="list"' in element.proto.body]
    for answer, body in zip(found.answers.values(), grids[1:], strict=False):
        value = answer.distances[0]
        shown = str(int(value)) if float(value).is_integer() else f"{value:.2f}"
        assert f"{TITLES[hash_name]} {shown}" in body
        assert "Hamming distance" not in body
    assert not [toggle for toggle in at.toggle if toggle.key == "asymmetric"]


@pytest.mark.parametrize("hash_name", LENGTHS)
def test_the_literature_s_radius_is_a_note_and_the_rest_is_there(page, hash_name):
    at = page("curves", hash_name, curves_literature="true")
    notes = [note.value for note in at.info]
    assert any("a Hamming radius means nothing" in note for note in notes)
    at.button(key="curves_whole").click().run(timeout=120)
    assert not at.exception
    assert any("The first n images of each ranking." in caption.value for caption in at.caption)


@pytest.mark.parametrize(("hash_name", "tied"), [("kmeans", True), ("pq", False), ("rabitq", False)])
def test_averages_over_ties_are_offered_where_codes_tie(page, hash_name, tied):
    at = page("curves", hash_name, curves_ties="true")
    assert at.toggle(key="curves_ties").disabled == (not tied)
    drawn = at.get("plotly_chart")[0].proto.spec
    assert ("ties averaged" in drawn) == tied


@pytest.mark.slow
def test_timing_says_what_the_first_stage_makes(page):
    at = page("timing", "pq")
    at.button(key="timing_measure").click().run(timeout=180)
    assert not at.exception
    assert not at.error
    assert any("what the gallery's codes are compared with" in caption.value for caption in at.caption)
    assert at.dataframe[0].value["Checked"].str.startswith("equal by ").all()


def test_the_slider_has_the_lengths_of_the_cells(page):
    at = page("overview", "kmeans")
    assert list(at.select_slider(key="bits").options) == ["4", "5", "6", "7"]
