"""Kernels are plain loops: nothing in the project builds machine instructions by hand."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

_HAND_BUILT = re.compile(r"(llvmlite|numba\.extending|numba\.core\.cgutils)(\.|$)")


def _named_modules(tree):
    """Dotted names that a module imports, or reaches as attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@pytest.mark.parametrize(
    "line",
    ["import llvmlite", "import llvmlite.ir as ir", "from llvmlite import ir", "from numba import extending",
     "from numba.extending import intrinsic", "from numba.core import cgutils", "from numba.core.cgutils import pack",
     "@numba.extending.intrinsic\ndef f(): pass"],
)  # fmt: skip
def test_machine_instructions_by_hand_are_noticed(line):
    assert any(map(_HAND_BUILT.match, _named_modules(ast.parse(line))))


def test_no_module_builds_machine_instructions_by_hand():
    files = [file for folder in ("core", "dashboard", "benchmarks", "tests") for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    named = {file: list(_named_modules(ast.parse(file.read_text()))) for file in files}
    assert [str(file) for file, names in named.items() if any(map(_HAND_BUILT.match, names))] == []
