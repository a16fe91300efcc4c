from pathlib import Path

import numba

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
    assert {file for file in core.rglob("*.py") if "\n@kernel" in file.read_text()} <= known


def test_a_user_s_own_cache_folder_is_respected(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    before = numba.config.CACHE_DIR
    compiled._use_cache_folder()
    assert before == numba.config.CACHE_DIR
