"""The examples in docstrings (`>>>`) are run. Files are found by their text: collecting imports none of them."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _with_examples() -> list[str]:
    files = (file for folder in ("core", "dashboard") for file in sorted((ROOT / folder).rglob("*.py")))
    found = (file for file in files if ">>> " in file.read_text(encoding="utf-8"))
    return [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in found]


@pytest.mark.parametrize("module", _with_examples())
def test_examples_print_what_they_say(module):
    result = doctest.testmod(import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
