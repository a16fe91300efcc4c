"""What is said under the select box of the search engine: what it could not do, and a way to try again.

Much of it is only known once the page has searched, so it is drawn in two steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.search.door import SearchBackend
from dashboard.shared import engines, state

_KEY = "_engine_notes"
_MOST = 3  # warnings; a page of many hashes may lack the codes of each


@dataclass
class _Told:
    """Where the notes of this run go, and which of them stand there already."""

    backend: SearchBackend
    path: str
    name: str
    place: DeltaGenerator
    lines: set[str] = field(default_factory=set)
    warnings: int = 0
    button: bool = False


def begin(backend: SearchBackend, path: str, name: str) -> None:
    """Draw what is known before the page runs."""
    for line in engines.refusals():
        st.warning(line, icon=":material/power_off:")
    told = _Told(backend, path, name, st.container())
    st.session_state[_KEY] = told
    _draw(told)


def finish() -> None:
    """Draw what has been learnt while the page ran."""
    told = st.session_state.pop(_KEY, None)
    if told is not None:
        _draw(told)
        if told.warnings > _MOST:
            told.place.caption(f"Not listed: {told.warnings - _MOST} more warnings like these.")


def _draw(told: _Told) -> None:
    notes: Mapping[str, bool] = getattr(told.backend, "notes", {})
    for line, failure in list(notes.items()):
        if line in told.lines:
            continue
        told.lines.add(line)
        if failure:
            told.warnings += 1
            if told.warnings <= _MOST:
                told.place.warning(f"{line}.", icon=":material/power_off:")
        else:
            told.place.caption(f"{line}.")
    if any(notes.values()) and not told.button:
        told.button = True
        told.place.button(
            "Try again",
            key="engine_again",
            icon=":material/refresh:",
            on_click=state.reopen_engine,
            args=(told.path, told.name),
        )
