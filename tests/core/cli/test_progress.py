"""What a command says on a terminal while it is compiled."""

from __future__ import annotations

import sys

import pytest
from numba.core import event

from core.cli import progress


@pytest.fixture
def listeners(monkeypatch):
    """What listens to compilations from now on."""
    added = []
    monkeypatch.setattr(event, "register", lambda kind, listener: added.append(listener))
    return added


def test_a_person_is_told_once(listeners, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress.say_when_compiling()
    for _ in range(2):
        listeners[0].on_start(None)
        listeners[0].on_end(None)
    assert capsys.readouterr().err == "preparing this computer, once (about 15 s) ...\n"


def test_a_file_is_not(listeners):
    progress.say_when_compiling()
    assert not listeners
