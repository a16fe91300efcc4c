"""The floors of the house hold, and its roots stay small enough to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[1]


def test_no_room_imports_one_above_it(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize(("package", "modules", "packages"), [("core", 6, 20), ("dashboard", 8, 13)])
def test_the_roots_hold_few_things(package, modules, packages):
    assert 0 < len(list((ROOT / package).glob("*.py"))) <= modules
    assert 0 < len(list((ROOT / package).glob("*/__init__.py"))) <= packages
