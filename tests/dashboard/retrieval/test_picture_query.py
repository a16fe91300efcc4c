"""The Retrieval page with a picture of one's own as the query."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from core.building.picture_bundle import write_bundle
from core.bundle.bundle import load_bundle
from core.encoders.picture_encoder import open_encoder
from core.engine.engine import Engine
from core.picture_query.query_encoder import open_query_encoder, predictions
from core.picture_query.search import search_picture
from core.pictures.folder import find_pictures
from core.pictures.index import index_folder
from core.settings import Setting
from dashboard.retrieval.tiles import lost_sentence
from tests.core.picture_worlds import picture_of, png, write_pictured, write_words
from tests.core.pictures.drawn import write_folder, write_weights

K = 8
MINE = ("mine.png", png(picture_of(5)), "image/png")


@pytest.fixture(scope="module")
def pictured(tiny_bundle):
    with tempfile.TemporaryDirectory() as folder:
        yield write_pictured(tiny_bundle, Path(folder) / "pictured")


@pytest.fixture
def page(open_app, pictured):
    def start(file=MINE, **query):
        asked = {"ask": "picture", "k": K, "hash": "itq", "bits": 8, "multiplier": 1} | query
        at = open_app("retrieval", query={name: str(value) for name, value in asked.items()}, bundle=pictured.path)
        assert not at.exception
        return upload(at, *file) if file else at

    return start


def upload(at, *file):
    at.file_uploader(key="own_picture_file").set_value(file).run()
    assert not at.exception
    return at


def bodies(at):
    return [element.proto.body for element in at.get("html")]


def texts(at, kind):
    return [element.value for element in at.get(kind)]


def images(body):
    return [int(index) for index in re.findall(r'aria-label="[^"]*image (\d+)"', body)]


def expected(pictured):
    chosen = Setting("semantic", "itq", 8, "1", "test-vs-test", "wordnet")
    encoded = open_query_encoder(pictured, "semantic").encode(picture_of(5))
    return encoded, search_picture(Engine(pictured), chosen, encoded, K)


@pytest.mark.slow
def test_answers_are_those_of_core_side_by_side(page, pictured):
    at = page()
    encoded, found = expected(pictured)
    exact, hashed = [images(body) for body in bodies(at) if "Exact: top" in body or "Hashed: top" in body]
    assert exact == found.retrieved.answers["exact"].ids.tolist()
    assert hashed == found.retrieved.answers["hashed"].ids.tolist()
    assert lost_sentence(found.retrieved, pictured.labels("test")) in texts(at, "markdown")
    shown = next(body for body in bodies(at) if "As the encoder sees it" in body)
    for title, table in zip(("class", "superclass"), predictions(pictured, encoded), strict=True):
        part = shown.split(f"<b>Predicted {title}</b>")[1]
        values = [float(value) for value in re.findall(r'pq-value">([\d.]+) %', part)][: len(table)]
        assert values == [round(100 * share, 1) for share in table["probability"]]
        assert part.index(table[title].iloc[0]) < part.index(table[title].iloc[1])


@pytest.mark.slow
def test_an_encoder_without_classifier_shows_no_predicted_class(open_app, tiny_bundle, tmp_path):
    bundle = write_words(tiny_bundle, tmp_path / "words")
    query = {"ask": "picture", "k": "8", "hash": "itq", "bits": "8", "encoder": "bovw-hog"}
    at = upload(open_app("retrieval", query=query, bundle=bundle.path), *MINE)
    shown = next(body for body in bodies(at) if "As the encoder sees it" in body)
    assert "Predicted" not in shown
    assert any("Encoder bovw-hog predicts none of this bundle's classes" in text for text in texts(at, "caption"))
    exact = next(images(body) for body in bodies(at) if "Exact: top" in body)
    assert exact[0] == 5  # the picture itself


def test_the_page_says_that_nothing_is_judged(page):
    at = page()
    assert any("no label" in text and "no AP and no AHP" in text for text in texts(at, "info"))
    assert any("All 60 images of the gallery" in text for text in texts(at, "info"))
    assert not at.dataframe  # no scores
    assert "hg-mark" not in "".join(re.sub(r"<style>.*?</style>", "", body) for body in bodies(at))


def test_the_heading_counts_what_a_picture_searches(page):
    at = page()  # each of the 60 test images queries the 59 others, a picture of one's own all of them
    assert any(text.startswith("Exact search ranks all 60 gallery images") for text in texts(at, "caption"))
    at.button_group(key="ask").set_value("bundle").run()
    assert any(text.startswith("Exact search ranks all 59 gallery images") for text in texts(at, "caption"))


def test_times_stand_apart(page):
    at = page()
    assert [metric.label for metric in at.metric] == ["Encode", "Hash", "Exact search", "Hashed search"]
    assert all(re.fullmatch(r"[\d.e+]+ (µs|ms|s)", metric.value) for metric in at.metric)
    own = page(hash="latent-sigmoid")
    assert own.metric[1].value == "–"
    assert any("from the network itself" in text for text in texts(own, "caption"))


def test_a_move_of_a_control_keeps_picture_and_times(page):
    at = page()
    before = [metric.value for metric in at.metric]
    at.slider(key="shown").set_value(3).run()
    assert not at.exception
    assert [metric.value for metric in at.metric] == before
    assert len(images(next(body for body in bodies(at) if "Exact: top" in body))) == 3


def test_it_stays_when_the_page_is_left_and_goes_when_it_is_taken_away(page):
    at = page()
    at.switch_page("dashboard/overview/page.py").run()
    at.switch_page("dashboard/retrieval/page.py").run()
    assert not at.exception
    assert any("As the encoder sees it" in body for body in bodies(at))
    upload(at, "other.png", png(picture_of(6)), "image/png")
    at.file_uploader(key="own_picture_file").clear().run()
    assert not any("As the encoder sees it" in body for body in bodies(at))


def test_codes_that_cannot_be_made_leave_exact_answers(page, pictured):
    at = page(hash="imported")
    assert any("No hashed results" in text and "cannot hash a new picture" in text for text in texts(at, "warning"))
    answers = expected(pictured)[1].retrieved.answers
    assert images(next(body for body in bodies(at) if "Exact: top" in body)) == answers["exact"].ids.tolist()
    assert not any("Hashed: top" in body for body in bodies(at))


def test_an_encoder_without_weights_is_one_line(page):
    at = page(encoder="bare")
    assert [text for text in texts(at, "error") if "'bare' cannot encode a new picture" in text]
    assert at.file_uploader(key="own_picture_file").value is not None


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [("bad.png", b"no picture", "'bad.png' is not a picture"), ("cut.png", png(picture_of(1))[:900], "truncated")],
)
def test_what_is_no_picture_leaves_the_page_alive(page, name, data, words):
    at = page((name, data, "image/png"))
    assert [text for text in texts(at, "error") if words in text]
    upload(at, "good.png", png(picture_of(5)), "image/png")
    assert not at.error
    assert any("As the encoder sees it" in body for body in bodies(at))


def test_the_camera_is_asked_for_only_when_it_is_wanted(page):
    at = page(file=None)
    assert not at.camera_input
    at.toggle(key="own_picture_camera_on").set_value(True).run()
    at.camera_input(key="own_picture_camera").set_value(("shot.jpg", png(picture_of(5)), "image/jpeg")).run()
    assert not at.exception
    assert any("As the encoder sees it" in body for body in bodies(at))


@pytest.mark.slow
def test_a_folders_bundle_is_asked_through_its_own_network(open_app, tmp_path):
    folder, weights = write_folder(tmp_path / "photos", 2), write_weights(tmp_path / "small.pth")
    encoder = open_encoder("squeezenet1_1", weights)
    write_bundle(tmp_path / "b", encoder, index_folder(find_pictures(folder), encoder, tmp_path / "cache"))
    mine = ("mine.png", (folder / "disc" / "001.png").read_bytes(), "image/png")
    at = open_app("retrieval", query={"ask": "picture"}, bundle=tmp_path / "b")
    upload(at, *mine)
    assert [text for text in texts(at, "error") if "'small.pth'; name that file with --weights" in text]
    at = open_app("retrieval", query={"ask": "picture"}, bundle=tmp_path / "b", options=["--weights", str(weights)])
    upload(at, *mine)
    assert not at.error
    shown = next(body for body in bodies(at) if "As the encoder sees it" in body)
    assert "224 × 224 pixels, its middle square" in shown and "Predicted" not in shown
    assert any("predicts none" in text for text in texts(at, "caption"))
    first = images(next(body for body in bodies(at) if "Exact: top" in body))[0]
    assert load_bundle(tmp_path / "b").labels("gallery")[first] == 1  # disc


def test_the_command_names_the_picture(page):
    at = page(file=("my cat.png", png(picture_of(5)), "image/png"))
    at.session_state["retrieval_table"] = True
    at.run()
    command = next(element.value for element in at.code)
    assert "python -m core retrieve" in command
    assert "--picture 'my cat.png' --k 8 --searches exact,hashed" in command
