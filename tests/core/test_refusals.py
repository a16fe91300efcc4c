"""The words of front ends: every code that one words is said somewhere in the core with the fields that it takes, and
the core names no option of its own accord."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli import refusals as of_commands
from dashboard.shared import refusals as of_pages

CORE = Path(of_commands.__file__).parents[1]
ROOT = CORE.parent
TABLES = {"commands": of_commands.MENDS, "pages": of_pages.MENDS}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def test_every_code_that_a_front_end_words_is_said_by_the_core():
    constants = {
        node.value
        for path, tree in trees(CORE)
        if path != Path(of_commands.__file__)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for name, mends in TABLES.items():
        assert set(mends) - constants == set(), name


def test_no_refusal_of_the_core_names_an_option_but_in_a_whole_command():
    found = []
    for path, tree in trees(CORE):
        if path.is_relative_to(CORE / "cli"):
            continue
        said = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        said = [node for node in said if node.func.id in ("BadInput", "Message", "NoCode")]
        texts = [text for node in said for text in ast.walk(node) if isinstance(text, ast.Constant)]
        texts = [text.value for text in texts if isinstance(text.value, str) and OPTION.search(text.value)]
        found += [(path.name, text) for text in texts if "python -m core" not in text]
    assert found == []


@pytest.mark.parametrize("folder", [ROOT / "dashboard", CORE / "cli"])
def test_front_ends_word_a_refusal_and_never_show_the_cores_own_line(folder):
    """`str(error)` or `{error}` of a BadInput that was caught would skip the front end's words."""
    found = []
    for path, tree in trees(folder):
        for handler in ast.walk(tree):
            if not isinstance(handler, ast.ExceptHandler) or not isinstance(handler.type, ast.Name):
                continue
            if handler.type.id != "BadInput" or handler.name is None:
                continue
            for node in ast.walk(handler):
                shown = node.value if isinstance(node, ast.FormattedValue) else None
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
                    shown = node.args[0]
                if isinstance(shown, ast.Name) and shown.id == handler.name:
                    found.append((path.name, node.lineno))
    assert found == []


def test_no_page_reads_the_cores_prose_by_expressions():
    for path in ("shared/uploads.py", "shared/refusals.py", "your_data/page.py", "your_data/preview.py"):
        assert "import re\n" not in (ROOT / "dashboard" / path).read_text(), path
