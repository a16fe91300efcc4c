"""What `python -m core prepare` compiles is all that the pages need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import compile_kernels
from core.errors import BadInput
from core.runtime import kernel_folder

HOME = Path(compile_kernels.__file__).parents[2]
COMPILED_BY_A_PAGE = """
from numba.core import event
from core.bundle.bundle import load_bundle
from core.engine.default_setting import choose_setting
from core.engine.engine import Engine
from core.reports.overview import METRICS, Overview
from core.timing.search_times import search_times
from core.settings import curve_ks

class Listener(event.Listener):
    def on_start(self, event):
        function = event.data["dispatcher"].py_func
        if function.__module__.startswith("core."):
            print(function.__module__, function.__qualname__, event.data["args"])

    def on_end(self, event):
        pass

event.register("numba:compile", Listener())
engine = Engine(load_bundle())
searches = "exact", "hashed", "hamming"
for given in (
    {},
    {"hash": "itq", "bits": 64, "multiplier": "3"},
    {"hash": "latent-sigmoid", "protocol": "test-vs-train"},
    {"hash": "pq", "bits": 32},
):
    setting = choose_setting(engine.bundle, **given)
    Overview.of(engine.evaluate(setting, [100]), METRICS, 100)
    search_times(engine, setting, 100, searches, 1)
    for search in searches:
        engine.curves(search, setting, curve_ks(100, 1000), keep=100)
    if setting.hash != "pq":
        engine.at(setting).expected_curves(curve_ks(100, 1000))
"""


@pytest.mark.slow
def test_after_it_nothing_is_compiled(tmp_path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    given = {"cwd": HOME, "env": environment, "capture_output": True, "text": True, "timeout": 600, "check": False}
    ran = subprocess.run([sys.executable, "-m", "core", "prepare"], **given)
    assert ran.returncode == 0 and ran.stdout.endswith(": done\n"), ran.stderr
    page = subprocess.run([sys.executable, "-c", COMPILED_BY_A_PAGE], **given)
    assert page.returncode == 0 and page.stdout == "", page.stdout + page.stderr
    (folder,) = (tmp_path / "hash-retrieval-kernels").iterdir()
    kernels = sum(not file.name.endswith(".complete") for file in folder.iterdir())
    assert kernels == pytest.approx(kernel_folder.KERNELS, rel=0.1), (
        "set core.runtime.kernel_folder.KERNELS to that number"
    )


@pytest.fixture
def marked(monkeypatch):
    """The parts that are marked complete."""
    parts = []
    monkeypatch.setattr(kernel_folder, "mark_complete", lambda part="everything": parts.append(part))
    return parts


def test_parts_are_marked_as_they_are_done(monkeypatch, marked):
    order = []
    monkeypatch.setattr(compile_kernels, "overview_steps", lambda *_: [("a", lambda: order.append("a"))])
    monkeypatch.setattr(compile_kernels, "other_steps", lambda *_: [("b", lambda: order.append(marked[:]))])
    reports = []
    compile_kernels.prepare(lambda *report: reports.append(report))
    assert order == ["a", ["overview"]] and marked == ["overview", "everything"]
    assert reports == [(0, 2, "a"), (1, 2, "b"), (2, 2, "done")]


def test_a_hash_that_a_bundle_lacks_is_passed_over(monkeypatch, marked):
    def refuse():
        raise BadInput("no such hash")

    monkeypatch.setattr(compile_kernels, "overview_steps", lambda *_: [("a", refuse)])
    monkeypatch.setattr(compile_kernels, "other_steps", lambda *_: [])
    compile_kernels.prepare(lambda *report: None)
    assert marked == ["everything"]
