"""Long work stops to touch the page, where a script may be broken off."""

from __future__ import annotations

import pytest
import streamlit as st

from dashboard.shared import interruptible


class Broken(Exception):
    """What Streamlit raises where the page is touched and another run was asked for."""


@pytest.mark.parametrize(("seconds", "touched"), [(0.0, 0), (0.2, 4)])
def test_the_page_is_touched_in_each_step(monkeypatch, seconds, touched):
    slept, seen = [], []

    class Place:
        def empty(self):
            seen.append(len(slept))

    monkeypatch.setattr(interruptible, "sleep", slept.append)
    monkeypatch.setattr(st, "empty", Place)
    interruptible.give_way(seconds)
    assert sum(slept) == pytest.approx(seconds)
    assert seen == list(range(1, touched + 1))


def test_another_run_is_let_through_at_once(monkeypatch):
    def broken():
        raise Broken

    monkeypatch.setattr(st, "empty", broken)
    with pytest.raises(Broken):
        interruptible.give_way()
