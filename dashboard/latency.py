"""How long one query takes at the current setting, measured once and kept: pages rerun, timings must not jump."""

from __future__ import annotations

import streamlit as st

from core.conditions import alone, machine
from core.engine import Engine
from core.search_times import search_times
from core.settings import Setting
from dashboard.state import View

RUNS = 60
SEARCHES = ("exact", "hashed", "hamming")


def query_times(view: View) -> dict[str, float]:
    """Median milliseconds of one query on one thread, by search."""
    bundle, setting = view.bundle, view.setting
    code = (setting.hash, setting.bits, setting.multiplier)
    depends_on = (setting.encoder, *code, setting.protocol, setting.near_duplicates, view.k)
    return _measured(str(bundle.path), bundle.version, depends_on, view.engine, setting)


def how_measured() -> str:
    """What the times cover, for a caption."""
    return (
        f"Times: median of {RUNS} queries, one at a time on one thread, from its embedding on; exact search "
        f"is the fastest of BLAS, faiss and this project's own scan. Measured once a setting on {machine()}."
    )


@st.cache_data(max_entries=256, show_spinner="Timing one query …")
def _measured(path: str, version: str, depends_on: tuple, _engine: Engine, _setting: Setting) -> dict[str, float]:
    with alone(wait=True):
        return search_times(_engine, _setting, depends_on[-1], SEARCHES, RUNS)
