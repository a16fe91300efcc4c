"""The sidebar's toggle that leaves near-duplicates out, and what follows from it on the pages."""

from __future__ import annotations

import json

import pytest

from core.cli import options
from core.cli.parser import Parser
from core.engine.engine import Engine
from core.exports.registry import get_export
from dashboard.shared.downloads import request_of


def view(at):
    return at.session_state["_view"]


def toggles(at):
    return {toggle.label: toggle for toggle in at.sidebar.toggle}


def the_toggle(at):
    return toggles(at)["Leave near-duplicates out"]


@pytest.fixture
def doubled(open_app, doubled_bundle):
    """`doubled(page=None, query=None)` opens the bundle that holds pairs."""
    return lambda page=None, query=None: open_app(page, query, doubled_bundle.path)


def test_no_toggle_where_there_are_no_pairs(app):
    assert "Leave near-duplicates out" not in toggles(app)
    assert view(app).setting.near_duplicates == "keep"


def test_moving_it_leaves_them_out(doubled, doubled_bundle):
    at = doubled()
    assert not at.exception
    assert the_toggle(at).value is False
    assert "3 of the 60 gallery images are left out" in the_toggle(at).help
    assert "leave_out" not in view(at).parameters() and "near" not in view(at).command()
    captions = " ".join(caption.value for caption in at.caption)
    assert "60 queries, each searching 59 images" in " ".join(m.value for m in at.caption)
    assert "without" not in captions
    the_toggle(at).set_value(True).run()
    assert not at.exception
    assert view(at).task.size == 56
    captions = [caption.value for caption in at.caption]
    assert any("each searching 56 images" in text and "without 3 near-duplicates" in text for text in captions)
    engine = Engine(doubled_bundle)
    k = view(at).k
    exact = engine.result("exact", view(at).setting, [k]).mean("ap", k)
    assert f"{exact:.4f}" in at.main.table[0].value.to_string()


def test_the_link_and_the_command_carry_it(doubled):
    at = doubled(query={"leave_out": "true", "protocol": "test-vs-train"})
    assert not at.exception and not at.warning
    assert the_toggle(at).value is True
    assert "2 of the 150 gallery images" in the_toggle(at).help
    assert view(at).task.size == 148
    assert "leave_out=true" in view(at).link()
    words = view(at).command().split()
    parser = Parser()
    options.add_bundle(parser)
    options.add_setting(parser)
    args = parser.parse_args(words[words.index("evaluate") + 1 :])
    assert options.setting_of(args, view(at).bundle) == view(at).setting
    described = json.loads(get_export("settings").make(request_of(view(at))))
    assert described["setting"]["near_duplicates"] == "leave-out"
    assert described["gallery"] == 148


def test_under_a_protocol_that_cannot_it_is_off_and_says_why(doubled):
    at = doubled(query={"leave_out": "true"})
    at.sidebar.selectbox(key="protocol").set_value("test-vs-test-with-self").run()
    assert not at.exception
    assert the_toggle(at).disabled and the_toggle(at).value is False
    assert "by design" in the_toggle(at).help
    assert view(at).setting.near_duplicates == "keep"
    at.sidebar.selectbox(key="protocol").set_value("test-vs-train").run()
    assert not the_toggle(at).disabled and the_toggle(at).value is True  # the wish is there again
    assert view(at).setting.near_duplicates == "leave-out"


@pytest.mark.parametrize("where", ["protocol", "bundle"])
def test_a_link_that_cannot_be_says_so(doubled, open_app, where):
    query = {"leave_out": "true"}
    at = doubled(query=query | {"protocol": "test-vs-test-with-self"}) if where == "protocol" else open_app(query=query)
    assert not at.exception
    assert ["leave_out" in warning.value for warning in at.warning] == [True]


@pytest.mark.parametrize("page", ["retrieval", "curves", "tradeoff", "timing", "queries", "export", "encoders"])
def test_every_page_opens_without_them(doubled, page):
    at = doubled(page, {"leave_out": "true"})
    assert not at.exception and not at.error
    assert view(at).setting.near_duplicates == "leave-out"
    if page not in ("curves", "encoders"):
        assert any("without 3 near-duplicates" in caption.value for caption in at.caption)


def test_tiles_show_rows_of_the_split(doubled):
    at = doubled("retrieval", {"leave_out": "true", "query": "40", "k": "56"})
    v = view(at)
    from core.engine.retrieval import retrieve
    from dashboard.retrieval.tiles import Tiles

    asked = []
    found = retrieve(v.engine.at(v.setting), 40, 56)
    tiles = Tiles(found, v.bundle, v.task, lambda split, row: asked.append((split, row)))
    shown = [tile.index for tile in tiles.answer("exact", "hashed", 56)]
    assert sorted(shown) == sorted(set(range(60)) - {3, 11, 40, 6})
    assert asked == [("test", row) for row in shown]
    names = [v.bundle.class_names[v.bundle.labels("test")[row]] for row in shown]
    assert [tile.class_name for tile in tiles.answer("exact", "hashed", 56)] == names
