"""A script is broken off for the next move of a control only where it touches the page: long work stops to do so."""

from __future__ import annotations

from time import sleep

import streamlit as st

_STEP = 0.05  # seconds


def give_way(seconds: float = 0.0) -> None:
    """Let a run that was asked for meanwhile take over; wait so long for one."""
    place = st.empty()
    for _ in range(round(seconds / _STEP)):
        sleep(_STEP)
        place.empty()
