"""Exit codes, one-line errors and help of the command line as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import cli
from core.cli import main

ROOT = Path(cli.__file__).resolve().parents[2]
COMMANDS = (
    "info",
    "evaluate",
    "sweep",
    "retrieve",
    "benchmark",
    "approximate",
    "scale",
    "source-table",
    "bucket-study",
    "import",
    "train",
    "embed",
    "hash",
    "build",
    "duplicates",
    "search-folder",
    "fine-tune",
    "scores",
    "load",
    "trec",
)


def python(*arguments):
    return subprocess.run(  # no PYTHONPATH: the folder of the project is the working directory
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


def test_module_runs_as_a_program(tiny_bundle):
    ran = python("-m", "core", "info", "--bundle", str(tiny_bundle.path))
    assert ran.returncode == 0, ran.stderr
    assert tiny_bundle.version in ran.stdout
    assert ran.stderr == ""
    ran = python("-m", "core", "info", "--bundle", "no-such-folder")
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "no-such-folder" in ran.stderr


def test_commands_do_not_import_torch(tiny_bundle):
    script = (
        "import sys; from core.cli import main; "
        f"code = main(['evaluate', '--bundle', {str(tiny_bundle.path)!r}, '--k', '5']); "
        "sys.exit(code or ('torch' in sys.modules) or ('streamlit' in sys.modules))"
    )
    ran = python("-c", script)
    assert ran.returncode == 0, ran.stderr


def test_no_command_prints_help(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command, capsys):
    assert main([command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert f"Example: python -m core {command}" in out
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluat"], ["'evaluat'", "evaluate"]),
        (["evaluate", "--bogus"], ["--bogus"]),
        (["evaluate", "--bit", "8"], ["--bit"]),  # no abbreviations
        (["evaluate", "--bits", "many"], ["--bits", "'many'", "1 to 128"]),
        (["evaluate", "--bits", "129"], ["129", "1 to 128"]),
        (["evaluate", "--bits", "7"], ["7", "8, 16"]),
        (["evaluate", "--k", "1,zwei"], ["'zwei'", "1,5,100"]),
        (["evaluate", "--multiplier", "0.5"], ["0.5", "1 to 20"]),
        (["evaluate", "--queries", "0"], ["0", "'all'"]),
        (["evaluate", "--seed", "-1"], ["-1", "from 0"]),
        (["evaluate", "--threads", "0"], ["0", "from 1"]),
        (["evaluate", "--metrics", "ap,mapp"], ["'mapp'", "ap_trec"]),
        (["evaluate", "--searches", "exact,"], ["exact,", "empty"]),
        (["retrieve"], ["--query"]),
        (["retrieve", "--query", "1", "--k", "1,2"], ["1,2", "one number"]),
        (["sweep", "--hash", "itq"], ["--out"]),
        (["info", "--bundle", "nowhere"], ["nowhere", "manifest.json"]),
        (["embed", "--encoder", "resnet", "--run", "r", "--out", "o"], ["'resnet'", "semantic"]),
    ],
)
def test_bad_use_is_one_line(arguments, words, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert all(word in err for word in words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, ""),
        (FileNotFoundError(2, "No such file", "x.npy"), 2, "error: [Errno 2] No such file: 'x.npy'\n"),
        (MemoryError(), 2, "error: MemoryError\n"),
    ],
)
def test_stops_and_system_errors_are_quiet(error, code, line, monkeypatch, capsys):
    def fail(*_arguments, **_options):
        raise error

    monkeypatch.setattr("core.cli.info.load_bundle", fail)
    assert main(["info"]) == code
    assert capsys.readouterr().err == line
