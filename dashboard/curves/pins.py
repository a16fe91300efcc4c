"""Pinned settings: up to four whose curves stay while another is tried. They live in the session and in the URL.

The URL's text is `itq-48-2;random-hyperplane-64-4`: hash, bits, multiplier; with `encoder:` before it where that is
not the bundle's default. Protocol and hierarchy are not pinned, so that all are judged on the same queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.bundle.bundle import Bundle
from core.codes.codes import true_bits
from core.errors import BadInput, unknown_name
from core.hashing.registry import get_hash
from core.settings import Setting, format_multiplier, parse_multiplier
from dashboard.shared.refusals import worded

MOST = 4
PARAMETER = "pins"
_SHAPE = re.compile(r"(?:([\w.-]{1,60}):)?([a-z-]{1,40})-([0-9]{1,4})-([0-9.]{1,8}|all)", re.ASCII)


@dataclass(frozen=True)
class Pin:
    """What a pin keeps of a setting."""

    encoder: str
    hash: str
    bits: int
    multiplier: str

    @classmethod
    def of(cls, setting: Setting, bundle: Bundle) -> Pin:
        """The pin of a setting, with the bits its hash really has."""
        bits = true_bits(bundle, setting.encoder, setting.hash, setting.bits)
        return cls(setting.encoder, setting.hash, bits, format_multiplier(setting.multiplier))

    def setting(self, base: Setting) -> Setting:
        """This pin under the protocol and hierarchy of `base`."""
        return replace(base, encoder=self.encoder, hash=self.hash, bits=self.bits, multiplier=self.multiplier)

    def label(self, bundle: Bundle) -> str:
        """Such as 'ITQ 48 bit ×2'; the encoder leads where the bundle has several."""
        lead = f"{self.encoder}: " if len(bundle.encoders) > 1 else ""
        return f"{lead}{get_hash(self.hash).label} {self.bits} bit ×{self.multiplier}"

    def text(self, bundle: Bundle) -> str:
        """Such as 'itq-48-2'."""
        lead = "" if self.encoder == bundle.defaults["encoder"] else f"{self.encoder}:"
        return f"{lead}{self.hash}-{self.bits}-{self.multiplier}"


def to_text(pins: Iterable[Pin], bundle: Bundle) -> str:
    """The URL's text of some pins."""
    return ";".join(pin.text(bundle) for pin in pins)


def parse(text: str, bundle: Bundle) -> tuple[list[Pin], list[str]]:
    """The pins of a URL's text, and a note on each that was dropped."""
    pins: list[Pin] = []
    notes: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        try:
            pin = parse_one(part, bundle)
        except BadInput as error:
            notes.append(f"A pinned setting of the link was dropped: {worded(error)}.")
            continue
        if pin in pins:
            continue
        if len(pins) == MOST:
            notes.append(f"The link pins more than {MOST} settings: the first {MOST} are shown.")
            break
        pins.append(pin)
    return pins, notes


def parse_one(text: str, bundle: Bundle) -> Pin:
    """One pin of its text; raises BadInput where it is none, or not one of this bundle."""
    match = _SHAPE.fullmatch(text)
    if not match:
        # What does not have the shape is not repeated: it came from a link and would be shown as Markdown.
        raise BadInput("its text is none such as itq-48-2 (hash-bits-multiplier)")
    encoder, name, bits, multiplier = match.groups()
    encoder = encoder or bundle.defaults["encoder"]
    if encoder not in bundle.encoders:
        raise unknown_name("encoder", encoder, bundle.encoders)
    parse_multiplier(multiplier)
    return Pin(encoder, name, true_bits(bundle, encoder, name, int(bits)), format_multiplier(multiplier))


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
