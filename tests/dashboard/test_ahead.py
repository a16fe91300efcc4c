"""Work begun ahead of the first page: once a server, and never in the way of it."""

from __future__ import annotations

import threading

import pytest

from core.errors import BadInput
from dashboard import ahead


class View:
    """Counts what is asked of it; refuses as a page's view may."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def results_at_k(self, searches):
        self.asked.append(searches)
        raise BadInput("no such hash")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(ahead, "_FIRST", threading.Lock())
    monkeypatch.setattr(ahead, "_start", lambda work: work())


def test_the_first_page_alone_begins_it_and_bad_input_is_left_to_the_page():
    views = [View(), View()]
    for view in views:
        ahead.begin_once(view)
    assert [view.asked for view in views] == [[["exact"]], []]
