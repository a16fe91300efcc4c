"""At a computer's first start the pages wait for what is compiled beside them, and go on if that fails."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from core.runtime import kernel_folder
from dashboard.shared import preparing


class Process:
    """One that runs until it was asked so many times."""

    def __init__(self, asked: int) -> None:
        self.left, self.stdout, self.terminate = asked, SimpleNamespace(read=lambda: ""), lambda: None

    def poll(self) -> int | None:
        self.left -= 1
        return None if self.left >= 0 else 1


@pytest.fixture
def run_for(monkeypatch):
    """`run_for(times)`: a process runs that nothing is complete of; the texts of the bars that are drawn."""

    def begin(times: int) -> list[str]:
        drawn = []
        place = SimpleNamespace(progress=lambda share, text: drawn.append(text), empty=lambda: drawn.append(""))
        monkeypatch.setattr(preparing, "_process", Process(times))
        monkeypatch.setattr(preparing.st, "empty", lambda: place)
        return drawn

    monkeypatch.setattr(kernel_folder, "is_complete", lambda part="everything": False)
    monkeypatch.setattr(kernel_folder, "count", lambda: 12)
    monkeypatch.setattr(preparing, "_STEP", 0.0)
    return begin


@pytest.fixture
def begun(monkeypatch):
    """The commands that were started."""
    commands = []

    def popen(command, **options):
        commands.append(command)
        return Process(5)

    monkeypatch.setattr(preparing, "_process", None)
    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(kernel_folder, "is_complete", lambda part="everything": False)
    monkeypatch.setattr(kernel_folder, "can_write", lambda: True)
    return commands


def test_a_page_waits_with_a_bar_until_the_process_has_ended(run_for):
    drawn = run_for(3)
    preparing.wait()
    assert drawn == [f"Preparing this computer, once: 12 of {kernel_folder.KERNELS}"] * 2 + [""]


def test_a_page_waits_for_its_part_alone(run_for, monkeypatch):
    drawn = run_for(1000)
    monkeypatch.setattr(kernel_folder, "is_complete", lambda part="everything": part == "overview")
    preparing.wait("overview")
    preparing.wait_unseen("overview")
    assert not drawn and not preparing.ready()


def test_more_than_was_expected_is_no_error(run_for, monkeypatch):
    drawn = run_for(2)
    monkeypatch.setattr(kernel_folder, "count", lambda: 10_000)
    preparing.wait()
    assert drawn[0].endswith(f"{kernel_folder.KERNELS} of {kernel_folder.KERNELS}")


def test_a_thread_waits_too(run_for):
    run_for(4)
    preparing.wait_unseen()
    assert preparing.ready()


def test_it_is_started_once(begun):
    preparing.start()
    preparing.start()
    assert begun == [[sys.executable, "-m", "core", "prepare"]]


@pytest.mark.parametrize(("name", "value"), [("is_complete", True), ("can_write", False)])
def test_it_is_not_started_in_vain(begun, monkeypatch, name, value):
    monkeypatch.setattr(kernel_folder, name, lambda *_: value)
    preparing.start()
    assert not begun and preparing.ready()


def test_a_process_that_cannot_be_started_is_no_error(begun, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    preparing.start()
    assert preparing.ready()


def test_pages_that_compute_wait(open_app, monkeypatch):
    waits = []
    monkeypatch.setattr(preparing, "wait", lambda part="everything": waits.append(part))
    app = open_app("your_data")
    waits.clear()
    assert not app.run().exception and not waits
    assert not app.switch_page("dashboard/curves/page.py").run().exception and waits == ["everything"]
