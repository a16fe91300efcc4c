"""The first page comes in this order: the title, then imports and searches, some of them on a thread of their own."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from core.engine import evaluation
from dashboard.shared import state, warm_up
from tests.dashboard.conftest import HOME

HEAVY = ("numpy", "pandas", "numba", "scipy", "sklearn", "torch", "faiss", "pyarrow", "core")
UNTIL_TITLE = """
import runpy, sys
import streamlit as st
known = set(sys.modules)  # streamlit's own
def title(*args, **kwargs):
    print("before the title:", *sorted(set(sys.modules) - known))
    raise SystemExit
st.title = title
runpy.run_path("Home.py", run_name="__main__")
"""


def test_nothing_heavy_is_imported_before_the_title():
    run = subprocess.run(
        [sys.executable, "-c", UNTIL_TITLE], cwd=HOME.parent, capture_output=True, text=True, timeout=120, check=False
    )
    line = next(line for line in run.stdout.splitlines() if line.startswith("before the title:"))
    imported = {name.split(".")[0] for name in line.split(":")[1].split()}
    assert not imported & set(HEAVY)


def test_the_view_is_that_of_a_session_without_a_link(app, tiny_bundle):
    shown, warmed = app.session_state["_view"], warm_up.first_view(tiny_bundle.path)
    assert (warmed.setting, warmed.k) == (shown.setting, shown.k)


def test_the_first_page_finds_its_searches(tiny_bundle, monkeypatch):
    state._engine.clear()
    warm_up.work(tiny_bundle.path)
    view = warm_up.first_view(tiny_bundle.path)
    monkeypatch.setattr(evaluation.Ranked, "sums", None)  # nothing is judged again
    assert set(view.results()) == {"exact", "hashed", "hamming"}


@pytest.mark.parametrize("folder", [".", "none"])
def test_a_bad_bundle_is_left_to_the_page(tmp_path, folder):
    warm_up.work(tmp_path / folder)
    assert gc.isenabled()


def test_where_the_first_numbers_are_stored_the_page_goes_first(tiny_bundle, monkeypatch):
    order = []
    monkeypatch.setattr("core.reports.overview.stored", lambda *given: "rows")
    monkeypatch.setattr(warm_up.SHOWN, "wait", lambda seconds: order.append("waited"))
    monkeypatch.setattr(state.View, "results", lambda view: order.append("searched"))
    warm_up.work(tiny_bundle.path)
    assert order == ["waited", "searched"]
