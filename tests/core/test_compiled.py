import ast
import re
from pathlib import Path

import numba
import pytest

from core import compiled


def test_cache_folder_changes_with_the_kernels_source(tmp_path, monkeypatch):
    fake = tmp_path / "core" / "compiled.py"
    (tmp_path / "core" / "search").mkdir(parents=True)
    (tmp_path / "core" / "metrics").mkdir()
    kernel = tmp_path / "core" / "search" / "a.py"
    kernel.write_text("one")
    monkeypatch.setattr(compiled, "__file__", str(fake))
    before = compiled._cache_folder()
    assert compiled._cache_folder() == before
    kernel.write_text("two")
    assert compiled._cache_folder() != before


def test_every_file_with_kernels_is_in_the_digest():
    core = Path(compiled.__file__).parent
    known = {file for holder in compiled._HOLDERS for file in core.glob(holder)}
    holders = {file for file in core.rglob("*.py") if re.search(r"\n@(kernel|exact_kernel|part)\n", file.read_text())}
    assert core / "search" / "products.py" in holders
    assert holders <= known


def test_a_user_s_own_cache_folder_is_respected(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    before = numba.config.CACHE_DIR
    compiled._use_cache_folder()
    assert before == numba.config.CACHE_DIR


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
    root = Path(compiled.__file__).parent.parent
    files = [file for folder in ("core", "dashboard", "benchmarks", "tests") for file in (root / folder).rglob("*.py")]
    assert len(files) > 100
    named = {file: list(_named_modules(ast.parse(file.read_text()))) for file in files}
    assert [str(file) for file, names in named.items() if any(map(_HAND_BUILT.match, names))] == []
