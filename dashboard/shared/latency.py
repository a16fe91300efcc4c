"""How long one query takes at the current setting, measured once and kept: pages rerun, timings must not jump."""

from __future__ import annotations

import streamlit as st

from core.runtime.cache import ByteCache
from core.runtime.pinning import alone, machine
from core.timing.search_times import search_times
from dashboard.shared.interruptible import give_way
from dashboard.shared.state import View

RUNS = 60
SEARCHES = ("exact", "hashed", "hamming")
REST = 0.3  # seconds: a hand that stays on a slider moves it again sooner
_KEPT = ByteCache(256)  # times of so many settings


def query_times(view: View) -> dict[str, float]:
    """Median milliseconds of one query on one thread, by search.

    A setting that was not timed before is timed when the page has been left alone for a moment: a timing cannot be
    broken off, and whoever moves a slider on would wait for it.
    """
    bundle, setting = view.bundle, view.setting
    code = (setting.hash, setting.bits, setting.multiplier)
    key = (str(bundle.path), bundle.version, setting.encoder, *code, setting.protocol, setting.near_duplicates, view.k)
    if key not in _KEPT:
        give_way(REST)
        with st.spinner("Timing one query …"):
            return _KEPT.get(key, lambda: _measured(view), lambda times: 1)
    return _KEPT.get(key, lambda: _measured(view), lambda times: 1)


def how_measured() -> str:
    """What the times cover, for a caption."""
    return (
        f"Times: median of {RUNS} queries, one at a time on one thread, from its embedding on; exact search "
        f"is the fastest of BLAS, faiss and this project's own scan. Measured once a setting on {machine()}."
    )


def _measured(view: View) -> dict[str, float]:
    with alone(wait=True):
        return search_times(view.engine, view.setting, view.k, SEARCHES, RUNS)
