"""Running commands in this process."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from core.cli import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(tiny_bundle, capsys, monkeypatch, tmp_path):
    """`run("evaluate", "--k", "5")` on the tiny bundle, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(command, *options, bundle=True):
        where = ["--bundle", str(tiny_bundle.path)] if bundle else []
        code = main([command, *where, *map(str, options)])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def refused(run, tmp_path):
    """`refused(...)` is the one line on stderr of a command that must fail and leave every file as it was."""

    def call(*arguments, bundle=True):
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        ran = run(*arguments, bundle=bundle)
        assert ran.code == 2
        assert ran.out == ""
        assert ran.err.startswith("error: ")
        assert ran.err.count("\n") == 1
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        return ran.err

    return call
