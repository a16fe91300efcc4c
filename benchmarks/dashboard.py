"""What a person waits for: the first page, a slider's move, and the memory of a server with ten open sessions.

    python benchmarks/dashboard.py [--moves 12] [--sessions 10] [--out FILE]

Starts the dashboard on a free port and drives it in Chromium (needs `pip install -r tests/requirements.txt` and a
chromium on the PATH). A move is timed from the key press until a number on the page has changed; the next one
waits until the page is at rest.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import perf_counter, sleep

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.figures import Figures

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=12)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        started = perf_counter()
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "Home.py",
                "--server.headless",
                "true",
                "--server.port",
                str(port),
            ],
            cwd=HOME,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _report(browser, f"http://127.0.0.1:{port}", server.pid, started, options)
        finally:
            server.terminate()
            server.wait(10)
            browser.close()


def _report(browser: object, url: str, pid: int, started: float, options: argparse.Namespace) -> None:
    _wait(url)
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(url)
    page.get_by_role("heading", level=1).first.wait_for(timeout=60_000)
    title = perf_counter() - started
    page.get_by_test_id("stMetricValue").first.wait_for(timeout=120_000)
    numbers = perf_counter() - started
    figures = Figures()
    figures.add("start of the server to the first page's title", title, "s")
    figures.add("start of the server to the first numbers", numbers, "s")
    for name, wait in (("k", 0.5), ("Shortlist multiplier", 2.0), ("Hash length", 2.0)):
        times = [_move(page, name, wait) for _ in range(options.moves)]
        low, high = np.percentile(times, [50, 95])
        figures.add(f"one step of '{name}' to the new numbers, median of {len(times)}", low, "s")
        figures.add(f"one step of '{name}' to the new numbers, p95 of {len(times)}", high, "s")
    pages = [browser.new_page() for _ in range(options.sessions - 1)]
    for other in pages:
        other.goto(url)
        other.get_by_test_id("stMetricValue").first.wait_for(timeout=120_000)
    figures.add(f"memory of the server with {options.sessions} sessions", _memory(pid), "MB")
    figures.write(options.out)


def _move(page: object, name: str, pause: float) -> float:
    slider = page.locator(f"input[type=range][aria-label='{name}']")
    slider.focus()
    place, last = (int(slider.get_attribute(of)) for of in ("value", "max"))
    numbers = "() => [...document.querySelectorAll('[data-testid=stMetricValue]')].map(e => e.innerText).join()"
    shown = page.evaluate(numbers)
    started = perf_counter()
    slider.press("ArrowRight" if place < last else "ArrowLeft")
    page.wait_for_function(f"(before) => ({numbers})() !== before", arg=shown, timeout=60_000)
    taken = perf_counter() - started
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'", timeout=60_000
    )
    sleep(pause)
    return taken


def _wait(url: str) -> None:
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            sleep(0.02)


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000


if __name__ == "__main__":
    main()
