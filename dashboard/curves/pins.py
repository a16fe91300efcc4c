"""Pinned settings: up to four whose curves stay while another is tried. They live in the session and in the URL.

The URL's text is `itq-48-2;random-hyperplane-64-4`, as `core.reports.pins` has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.bundle.bundle import Bundle
from core.errors import BadInput
from core.reports.pins import MOST, Pin, parse, parse_one, to_text
from dashboard.shared.refusals import worded

PARAMETER = "pins"


def current(bundle: Bundle) -> tuple[list[Pin], list[str]]:
    """The session's pins, and notes on those dropped since the last was pinned or unpinned.

    A URL that says something new counts before the session; then the URL follows.
    """
    given = st.query_params.get(PARAMETER)
    if given is not None and given != st.session_state.get("_pins_written"):
        pins, notes = parse(given, bundle)
        st.session_state["_pin_notes"] = notes
    else:
        pins, notes = _usable(st.session_state.get("_pins", []), bundle)
        st.session_state["_pin_notes"] = [*st.session_state.get("_pin_notes", []), *notes]
    st.session_state["_pins"] = pins
    _write(to_text(pins, bundle))
    return pins, st.session_state["_pin_notes"]


def add(pin: Pin) -> None:
    """Pin a setting: for the button's callback."""
    st.session_state["_pin_notes"] = []
    kept: Sequence[Pin] = st.session_state.get("_pins", [])
    if pin not in kept and len(kept) < MOST:
        st.session_state["_pins"] = [*kept, pin]


def remove(pin: Pin) -> None:
    """Unpin a setting: for the button's callback."""
    st.session_state["_pin_notes"] = []
    st.session_state["_pins"] = [kept for kept in st.session_state.get("_pins", []) if kept != pin]


def _usable(pins: Sequence[Pin], bundle: Bundle) -> tuple[list[Pin], list[str]]:
    """Pins that the open bundle can show: another may have been opened since."""
    kept, notes = [], []
    for pin in pins:
        try:
            kept.append(parse_one(f"{pin.encoder}:{pin.hash}-{pin.bits}-{pin.multiplier}", bundle))
        except BadInput as error:
            notes.append(f"A pinned setting does not fit this bundle and was dropped: {worded(error)}.")
    return kept, notes


def _write(text: str) -> None:
    """Make the URL say what is pinned; a URL that says so already is left alone."""
    st.session_state["_pins_written"] = text
    if text:
        if st.query_params.get(PARAMETER) != text:
            st.query_params[PARAMETER] = text
    elif PARAMETER in st.query_params:
        del st.query_params[PARAMETER]
