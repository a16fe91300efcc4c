"""Files are written whole or not at all."""

from __future__ import annotations

import os
import pathlib

import pytest

from core.errors import BadInput
from core.runtime.atomic_file import whole_file, write_whole


def test_a_stopped_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.csv"]


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(BadInput, match="cannot write"):
        write_whole(b"x", tmp_path / "none" / "x.csv")
    with pytest.raises(BadInput, match="cannot write"):
        write_whole(b"x", tmp_path)


def test_a_pipe_or_a_device_is_refused_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="device or a pipe"):
        write_whole(b"x", tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "x.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("x.csv")
    write_whole(b"new", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "x.csv").read_text() == "new"


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    (tmp_path / "x.csv").write_text("old")
    monkeypatch.setattr(pathlib.Path, "replace", full)
    with pytest.raises(BadInput, match="No space left on device"):
        write_whole(b"new", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
