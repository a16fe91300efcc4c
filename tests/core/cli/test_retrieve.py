"""`retrieve`: one query by each search."""

from __future__ import annotations

import pandas as pd
import pytest

from core.building.picture_bundle import write_bundle
from core.bundle.bundle import load_bundle
from core.engine.engine import Engine
from core.engine.retrieval import COLUMNS
from core.picture_query.query_encoder import open_query_encoder, predictions
from core.picture_query.search import search_picture
from core.pictures.folder import find_pictures
from core.pictures.index import index_folder
from core.pictures.paths import read_paths
from core.settings import Setting
from tests import reference
from tests.core.picture_worlds import picture_of, png, write_pictured, write_words
from tests.core.pictures.drawn import MeanColour, write_folder


def test_table_equals_plain_loops(run, tiny_bundle):
    ran = run("retrieve", "--query", 7, "--k", 4, "--hash", "itq", "--multiplier", 1.5, "--out", "r.csv")
    assert ran.code == 0, ran.err
    rows = pd.read_csv("r.csv")
    assert tuple(rows.columns) == COLUMNS
    engine, setting = Engine(tiny_bundle), Setting("semantic", "itq", 16, "1.5", "test-vs-test", "wordnet")
    task, codes = engine.at(setting).task, engine.at(setting).codes
    exact = reference.exact_ranking(task.queries[7], task.gallery, 7)
    near = reference.hamming_ranking(codes.queries.packed[7], codes.gallery.packed, 7)
    expected = {
        "exact": exact[:4],
        "hashed": reference.hashed_ranking(task.queries[7], task.gallery, near, "1.5", 4),
        "hamming": near[:4],
    }
    assert {search: part["index"].tolist() for search, part in rows.groupby("search")} == expected
    for row in rows.itertuples():
        assert row.similarity == reference.inner_product(task.queries[7], task.gallery[row.index])
        assert row.distance == reference.hamming(codes.queries.packed[7], codes.gallery.packed[row.index])
        assert row.exact_rank == exact.index(row.index) + 1
    lost = [item for item in exact[:4] if item not in near[:6]]
    assert f"the shortlist of 6 lost {len(lost)} of the exact top 4" in ran.out
    assert all(str(item) in ran.out for item in lost)


def test_searches_and_whole_gallery(run):
    ran = run("retrieve", "--query", 0, "--k", "all", "--searches", "asymmetric,exact", "--out", "r.csv")
    assert ran.code == 0, ran.err
    rows = pd.read_csv("r.csv")
    assert rows["search"].value_counts().to_dict() == {"exact": 59, "asymmetric": 59}
    assert "shortlist" not in ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--query", "60"], ["60", "0 to 59"]),
        (["--query", "1", "--k", "60"], ["60", "59"]),
        (["--query", "-1"], ["-1", "from 0"]),
        (["--query", "x"], ["'x'"]),
        (["--query", "1", "--hash", "random-codes", "--searches", "asymmetric"], ["real values"]),
    ],
)
def test_bad_input_is_one_line(refused, options, words):
    line = refused("retrieve", "--out", "r.csv", *options)
    assert all(word in line for word in words)


def test_a_bundle_of_a_folder_tells_where_each_picture_lies(run, tmp_path):
    write_folder(tmp_path / "photos", 3)
    index = index_folder(find_pictures(tmp_path / "photos"), MeanColour(), tmp_path / "cache")
    write_bundle(tmp_path / "b", MeanColour(), index)
    ran = run("retrieve", "--bundle", tmp_path / "b", "--query", 2, "--k", 4, "--out", "r.csv", bundle=False)
    assert ran.code == 0, ran.err
    bundle, rows = load_bundle(tmp_path / "b"), pd.read_csv("r.csv")
    paths = read_paths(bundle, "gallery")
    assert tuple(rows.columns) == (*COLUMNS, "path")
    assert rows["path"].tolist() == [paths[item] for item in rows["index"]]
    assert [path.split("/")[0] for path in rows["path"]] == rows["class"].tolist()
    assert paths[2] in ran.out.splitlines()[0] and all(path in ran.out for path in rows["path"])


@pytest.fixture(scope="module")
def pictured(tiny_bundle, tmp_path_factory):
    return write_pictured(tiny_bundle, tmp_path_factory.mktemp("pictured") / "pictured")


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "mine.png"
    path.write_bytes(png(picture_of(7)))
    return path


def test_a_bag_of_words_answers_a_picture_and_predicts_no_class(run, tiny_bundle, picture, tmp_path):
    bundle = write_words(tiny_bundle, tmp_path / "words")
    options = ("--bundle", bundle.path, "--encoder", "bovw-hog", "--hash", "itq", "--bits", 8, "--k", 3)
    ran = run("retrieve", "--picture", picture, *options, bundle=False)
    assert ran.code == 0, ran.err
    assert "no predicted class: this encoder predicts none of the bundle's" in ran.out


@pytest.mark.slow
def test_a_picture_is_answered_as_by_core(run, pictured, picture):
    chosen = ["--bundle", pictured.path, "--hash", "itq", "--bits", 8, "--protocol", "test-vs-test-with-self"]
    ran = run("retrieve", "--picture", picture, "--k", 4, "--out", "r.csv", *chosen, bundle=False)
    assert ran.code == 0, ran.err
    rows = pd.read_csv("r.csv")
    assert tuple(rows.columns) == COLUMNS
    assert set(rows["relation"]) == {"unlabelled"}
    setting = Setting("semantic", "itq", 8, "2", "test-vs-test-with-self", "wordnet")
    encoded = open_query_encoder(pictured, "semantic").encode(picture_of(7))
    found = search_picture(Engine(pictured), setting, encoded, 4, ("exact", "hashed", "hamming")).retrieved
    answers = {search: answer.ids.tolist() for search, answer in found.answers.items()}
    assert {search: part["index"].tolist() for search, part in rows.groupby("search")} == answers
    assert answers["exact"][0] == 7
    for words in ("no label", "no AP", "predicted class:", "predicted superclass:", "encode", "hash", "exact search"):
        assert words in ran.out
    assert f"predicted class: {predictions(pictured, encoded)[0]['class'][0]}" in ran.out


def test_a_picture_without_a_code_has_its_exact_answers(run, pictured, picture):
    chosen = ["--bundle", pictured.path, "--hash", "imported", "--bits", 8]
    ran = run("retrieve", "--picture", picture, "--k", 4, *chosen, bundle=False)
    assert ran.code == 0, ran.err
    assert "no hashed results: hash 'imported' cannot hash a new picture" in ran.out
    assert "\nexact\n" in ran.out
    assert "\nhashed\n" not in ran.out
    only = run("retrieve", "--picture", picture, "--searches", "hashed", *chosen, bundle=False)
    assert (only.code, only.out) == (2, "")
    assert "cannot hash a new picture" in only.err


@pytest.mark.parametrize(
    ("content", "words"), [(b"", ["0 bytes"]), (b"text", ["not a picture"]), (None, ["cannot encode a new picture"])]
)
def test_a_bad_picture_or_encoder_is_one_line(refused, tmp_path, content, words):
    path = tmp_path / "mine.png"
    path.write_bytes(png(picture_of(7)) if content is None else content)
    line = refused("retrieve", "--picture", path)
    assert all(word in line for word in words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--query --picture is required"),
        (["--query", "1", "--picture", "x.png"], "not allowed with"),
        (["--picture", "gone.png"], "'gone.png'"),
        (["--query", "1", "--weights", "w.pth"], "--weights goes with --picture"),
    ],
)
def test_one_query_or_one_picture(refused, options, words):
    assert words in refused("retrieve", *options)
