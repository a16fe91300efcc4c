"""The folder of the kernels' code: whose it is, what names it, and what of it is complete."""

from __future__ import annotations

import pytest

from core.runtime import kernel_folder as folders
from core.runtime.kernel_folder import (
    can_write,
    count,
    is_complete,
    kernel_files,
    kernel_folder,
    mark_complete,
    source_digest,
)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A cache of its own; gives the root, which does not exist yet."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kernel_folder.cache_clear()
    yield tmp_path / "cache"
    kernel_folder.cache_clear()


def test_it_is_this_users_alone(empty_cache):
    assert kernel_folder().stat().st_mode & 0o777 == 0o700
    assert empty_cache in kernel_folder().parents and can_write()


def test_one_that_others_can_write_to_is_not_used(empty_cache):
    kernel_folder().chmod(0o777)
    kernel_folder.cache_clear()
    assert kernel_folder() is None
    mark_complete()
    assert not is_complete() and not can_write() and not count()


def test_one_of_another_user_is_not_used(empty_cache, monkeypatch):
    monkeypatch.setattr(folders.os, "getuid", lambda: 12345, raising=False)
    assert kernel_folder() is None


def test_a_file_in_its_place_is_no_error(empty_cache):
    empty_cache.write_text("")
    assert kernel_folder() is None and not can_write()


def test_numbas_own_variable_comes_first(empty_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    assert tmp_path / "numba" in kernel_folder().parents


def test_parts_are_marked_and_kernels_counted(empty_cache):
    assert not is_complete("overview") and count() == 0
    mark_complete("overview")
    (kernel_folder() / "core.search.a").touch()
    (kernel_folder() / ".half written").touch()
    assert is_complete("overview") and not is_complete() and count() == 1


def test_it_is_named_by_processor_and_numba(empty_cache, monkeypatch):
    names = {folders._name()}
    monkeypatch.setattr(folders, "_processor", lambda: "another")
    names.add(folders._name())
    monkeypatch.setattr(folders, "version", lambda package: "0.0")
    names.add(folders._name())
    assert len(names) == 3


def test_the_digest_is_of_content(tmp_path):
    file = tmp_path / "a.py"
    file.write_bytes(b"one\ntwo\n")
    before = source_digest([file])
    file.write_bytes(b"one\r\ntwo\r\n")
    assert source_digest([file]) == before
    file.write_text("one\n")
    assert source_digest([file]) != before


def test_files_of_kernels_are_found_wherever_they_lie(tmp_path):
    for name, text in {
        "deep/er/kernels.py": "from core.runtime.compiled import kernel\nfrom core.deep.limits import MOST\n",
        "deep/limits.py": "MOST = 1\n",
        "moved.py": "from core.runtime.compiled import part\nfrom core import sizes\n",
        "sizes.py": "SIZE = 2\n",
        "plain.py": "from core.runtime.compiled_elsewhere import x\n",
        "runtime/compiled.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {file.relative_to(tmp_path).as_posix() for file in kernel_files(tmp_path)}
    assert found == {"deep/er/kernels.py", "deep/limits.py", "moved.py", "sizes.py", "runtime/compiled.py"}


def test_every_file_with_a_kernel_is_found():
    held = {
        file for file in folders.CORE.rglob("*.py") if "\n@kernel" in file.read_text() or "\n@part" in file.read_text()
    }
    assert held and held <= kernel_files()
