"""The search engine that pages use: chosen in the sidebar, in the link, and never the reason for a broken page."""

from __future__ import annotations

import time

import numpy as np
import pytest
import streamlit as st

from core.search.engines.engine import EngineError
from dashboard.shared import engines, launch, state
from tests.core.search.engines.registered import TEXT, register
from tests.dashboard.reading import checked

NAMED = ["--engine", TEXT]
SEARCHING = ("overview", "retrieval", "curves", "methods", "tradeoff", "queries", "encoders", "export")
OTHERS = ("timing", "scale", "folder_search", "your_data")
QUERY = {"engine": "memory", "hash": "random-hyperplane", "k": "10"}


@pytest.fixture(autouse=True)
def nothing_kept():
    """What another test has computed or connected to is not found here."""
    for each in (st.cache_data, st.cache_resource):
        each.clear()
    yield
    for each in (st.cache_data, st.cache_resource):
        each.clear()


def notes(at):
    """Warnings and captions under the select box."""
    return [each.value for each in at.sidebar.warning], [
        each.value for each in at.sidebar.caption if "memory" in each.value
    ]


def backend(at):
    return at.session_state["_view"].engine.backend


@pytest.mark.slow
@pytest.mark.parametrize("page", SEARCHING)
def test_pages_that_search_reach_the_engine(open_app, monkeypatch, page):
    engine = register(monkeypatch)
    at = checked(open_app(None if page == "overview" else page, QUERY, options=NAMED))
    assert engine.asked > 0
    assert at.selectbox(key="engine").value == "memory"
    assert notes(at)[0] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", OTHERS)
def test_other_pages_work_with_an_engine_as_well(open_app, monkeypatch, page):
    register(monkeypatch)
    at = checked(open_app(page, QUERY, options=NAMED))
    said = [each.value for each in at.main.caption if "memory, is not timed here" in each.value]
    assert len(said) == (page == "timing")


@pytest.mark.slow
@pytest.mark.parametrize("page", [*SEARCHING, *OTHERS])
@pytest.mark.parametrize("fault", ["down", "not loaded"])
def test_every_page_is_whole_without_the_engine(open_app, monkeypatch, page, fault):
    engine = register(monkeypatch, load=False)
    engine.down = fault == "down"
    at = checked(open_app(None if page == "overview" else page, QUERY, options=NAMED))
    assert engine.asked == 0
    warnings, _ = notes(at)
    if fault == "down":
        assert warnings == ["memory does not answer at 'nowhere': start it; searched in this process."]
    else:
        assert warnings
        assert all("memory holds no collection" in line and "'python -m core load'" in line for line in warnings)
    assert [button.label for button in at.sidebar.button] == ["Try again"]


def test_local_and_faiss_are_always_offered_and_local_is_shown(app):
    box = app.selectbox(key="engine")
    assert (box.options, box.value) == (["local", "faiss"], "local")
    assert "engine" not in app.session_state["_view"].parameters()
    checked(box.set_value("faiss").run())
    assert backend(app).name == "faiss"
    assert app.session_state["_view"].parameters()["engine"] == "faiss"
    assert app.session_state["_view"].link().endswith("&engine=faiss")
    assert not app.sidebar.button


def test_a_link_to_an_engine_that_is_not_there_shows_local_and_says_so(open_app):
    at = checked(open_app(query={"engine": "milvus"}))
    assert at.selectbox(key="engine").value == "local"
    assert any(
        "The link asks for engine 'milvus'" in each.value and "local is shown" in each.value for each in at.warning
    )


def test_the_browser_cannot_name_an_address(open_app, monkeypatch):
    engine = register(monkeypatch)
    at = checked(open_app(query={"engine": "memory=elsewhere"}, options=NAMED))
    assert at.selectbox(key="engine").value == "local"
    assert engine.connections == 0


def test_numbers_are_those_of_local(open_app, monkeypatch):
    register(monkeypatch)
    values = []
    for name in ("local", "memory"):
        at = checked(open_app(query=QUERY | {"engine": name}, options=NAMED))
        found = at.session_state["_view"].results()
        values.append({search: result.values("ap") for search, result in found.items()})
    for search in values[0]:
        assert np.array_equal(values[0][search], values[1][search])


def test_an_engine_that_is_down_is_tried_once_and_again_by_the_button(open_app, monkeypatch):
    engine = register(monkeypatch)
    engine.down = True
    at = checked(open_app(query=QUERY, options=NAMED))
    for k in (5, 6):
        checked(at.select_slider(key="k").set_value(k).run())
    assert engine.connections == 1
    assert len(notes(at)[0]) == 1
    checked(at.sidebar.button(key="engine_again").click().run())
    assert engine.connections == 2
    assert len(notes(at)[0]) == 1
    engine.down = False
    checked(at.sidebar.button(key="engine_again").click().run())
    assert engine.asked > 0
    assert notes(at)[0] == []
    assert not at.sidebar.button


def test_an_engine_lost_in_the_middle_is_said_and_comes_back_by_the_button(open_app, monkeypatch):
    engine = register(monkeypatch)
    at = checked(open_app(query=QUERY, options=NAMED))
    asked, tries = engine.asked, []
    assert asked > 0
    near = engine.near

    def lost(*given):
        tries.append(1)
        raise EngineError("memory was lost: start it")

    engine.near = lost
    checked(at.select_slider(key="bits").set_value(8).run())
    checked(at.select_slider(key="bits").set_value(32).run())
    assert notes(at)[0] == ["memory was lost: start it; searched in this process."]
    assert len(tries) == 1  # it is left alone from then on
    engine.near = near
    checked(at.sidebar.button(key="engine_again").click().run())
    assert notes(at)[0] == []
    assert engine.asked > asked


def test_of_many_warnings_the_first_are_shown_and_the_others_counted(open_app, monkeypatch):
    register(monkeypatch, load=False)
    at = checked(open_app(query=QUERY, options=NAMED))
    for number in range(4):
        backend(at).note(f"line {number}", failure=True)
    checked(at.run())
    assert len(notes(at)[0]) == 3
    more = len(backend(at).notes) - 3
    assert f"Not listed: {more} more warnings like these." in [each.value for each in at.sidebar.caption]


def test_a_limit_of_depth_is_a_remark_and_no_failure(open_app, monkeypatch):
    engine = register(monkeypatch)
    engine.deepest = 5
    at = checked(open_app(query=QUERY, options=NAMED))
    assert notes(at) == (
        [],
        ["memory returns at most 5 items: rankings that need more are made in this process."],
    )
    assert not at.sidebar.button


def test_a_connection_that_hangs_holds_a_page_for_a_moment_only(open_app, monkeypatch):
    register(monkeypatch)
    monkeypatch.setattr(engines, "PATIENCE", 0.2)
    monkeypatch.setattr(engines, "get_backend", lambda *given, **options: time.sleep(20))
    start = time.monotonic()
    at = checked(open_app(query=QUERY, options=NAMED))
    assert time.monotonic() - start < 15
    assert "did not answer within" in notes(at)[0][0]
    assert backend(at).asked == 0


def test_a_bad_engine_at_the_start_is_said_and_the_page_goes_on(open_app):
    at = checked(open_app(options=["--engine", "milvus", "--engine", "milvos=x"]))
    assert at.selectbox(key="engine").options == ["local", "faiss"]
    said = notes(at)[0]
    assert any("needs an address" in line for line in said)
    assert any("did you mean 'milvus'" in line for line in said)


def test_two_of_a_kind_are_told_apart(monkeypatch):
    given = launch.parse(["--engine", "milvus=a:1", "--engine", "milvus=b:1", "--engine", "milvus=a:1"])
    monkeypatch.setattr(engines, "launch", lambda: given)
    assert engines.offered() == {
        "local": "local", "faiss": "faiss", "milvus": "milvus=a:1", "milvus-2": "milvus=b:1"
    }  # fmt: skip


def test_a_bundle_is_open_once_for_each_engine(tiny_bundle):
    path = tiny_bundle.path
    assert state.open_engine(path, "faiss") is state.open_engine(path, "faiss")
    assert state.open_engine(path) is not state.open_engine(path, "faiss")
    kept, other = state.open_engine(path), state.open_engine(path, "faiss")
    state.reopen_engine(path, "faiss")
    assert state.open_engine(path) is kept
    assert state.open_engine(path, "faiss") is not other
