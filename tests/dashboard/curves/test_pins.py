from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.reports.pins import Pin


def page():
    import streamlit as st

    from core.bundle.bundle import load_bundle
    from dashboard.curves import pins

    bundle = load_bundle(st.session_state["path"])
    kept, notes = pins.current(bundle)
    st.text(pins.to_text(kept, bundle))
    for note in notes:
        st.warning(note)
    for hash_name, bits in (("itq", 16), ("itq", 8), ("pca-sign", 8), ("pca-sign", 16), ("random-codes", 8)):
        pin = pins.Pin("semantic", hash_name, bits, "2")
        st.button(f"add {hash_name} {bits}", on_click=pins.add, args=(pin,))
        st.button(f"remove {hash_name} {bits}", on_click=pins.remove, args=(pin,))


@pytest.fixture
def session(tiny_bundle):
    def start(query: str | None = None) -> AppTest:
        at = AppTest.from_function(page, default_timeout=60)
        at.session_state["path"] = str(tiny_bundle.path)
        if query is not None:
            at.query_params["pins"] = query
        return at.run()

    return start


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    return at.run()


def url(at: AppTest) -> list[str]:
    found = at.query_params.get("pins", [])
    return [found] if isinstance(found, str) else list(found)


def test_pins_are_kept_in_the_session_and_in_the_url(session):
    at = session()
    assert url(at) == []
    press(at, "add itq 16")
    press(at, "add pca-sign 8")
    press(at, "add itq 16")
    assert at.text[0].value == "itq-16-2;pca-sign-8-2"
    assert url(at) == ["itq-16-2;pca-sign-8-2"]
    assert session(url(at)[0]).text[0].value == "itq-16-2;pca-sign-8-2"  # the link in a new session
    press(at, "remove itq 16")
    assert url(at) == ["pca-sign-8-2"]
    press(at, "remove pca-sign 8")
    assert url(at) == []


def test_a_fifth_pin_is_not_taken(session):
    at = session()
    for label in ("itq 16", "itq 8", "pca-sign 8", "pca-sign 16", "random-codes 8"):
        press(at, f"add {label}")
    assert at.text[0].value == "itq-16-2;itq-8-2;pca-sign-8-2;pca-sign-16-2"


def test_a_url_without_pins_after_another_page_brings_back_the_sessions(session):
    at = session("itq-16-2")
    del at.query_params["pins"]
    at.run()
    assert url(at) == ["itq-16-2"]


def test_a_new_url_counts_before_the_session(session):
    at = session("itq-16-2")
    at.query_params["pins"] = "pca-sign-8-2"
    at.run()
    assert at.text[0].value == "pca-sign-8-2"


def test_a_note_stays_until_something_is_pinned(session):
    at = session("itq-16-2;bad")
    assert url(at) == ["itq-16-2"]
    assert len(at.warning) == 1
    assert len(at.run().warning) == 1
    assert not press(at, "add itq 8").warning


def test_pins_that_another_bundle_cannot_have_are_dropped(session, tiny_bundle):
    at = session()
    at.session_state["_pins"] = [Pin("semantic", "itq", 16, "2"), Pin("semantic", "itq", 96, "2")]
    at.run()
    assert at.text[0].value == "itq-16-2"
    assert "does not fit this bundle" in at.warning[0].value
