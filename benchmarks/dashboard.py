"""What a person waits for: the first page, a slider's move, and the memory of a server with ten open sessions.

    python benchmarks/dashboard.py [--moves 12] [--sessions 10] [--out FILE]

Starts the dashboard on a free port and drives it in Chromium (needs `pip install -r tests/requirements.txt` and a
chromium on the PATH). A move is timed from the key press until a number on the page, or a curve, has changed; the
next one waits until the page is at rest. Then k is moved in haste, while the page still works on the step before.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import numpy as np

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.figures import Figures
from benchmarks.served import Server, chromium, dashboard, wait_until_at_rest, wait_until_up

HURRIED, HASTE = 5, 0.3  # steps of a hand that stays on the slider, seconds between them
NUMBERS = "() => [...document.querySelectorAll('[data-testid=stMetricValue]')].map(e => e.innerText).join()"
CURVES = "() => [...document.querySelectorAll('.js-line')].map(e => e.getAttribute('d')).join()"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=12)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with chromium() as browser:
        started = perf_counter()
        with dashboard() as server:
            _report(browser, server, started, options)


def _report(browser: Any, server: Server, started: float, options: argparse.Namespace) -> None:
    wait_until_up(server)
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(server.url)
    page.get_by_role("heading", level=1).first.wait_for(timeout=60_000)
    title = perf_counter() - started
    _wait_for_numbers(page)
    numbers = perf_counter() - started
    figures = Figures()
    figures.add("start of the server to the first page's title", title, "s")
    figures.add("start of the server to the first numbers", numbers, "s")
    for name, wait in (("k", 0.5), ("Shortlist multiplier", 2.0), ("Hash length", 2.0)):
        times = [_move(page, name, NUMBERS, wait) for _ in range(options.moves)]
        _add(figures, f"one step of '{name}' to the new numbers", times)
    times = [_hurry(page) for _ in range(options.moves)]
    _add(figures, f"last of {HURRIED} steps of 'k', {HASTE} s apart", times)
    page.goto(f"{server.url}/curves")
    page.locator(".js-line").first.wait_for(timeout=120_000)
    wait_until_at_rest(page)
    for name in ("Shortlist multiplier", "Hash length"):
        times = [_move(page, name, CURVES, 1.0) for _ in range(options.moves)]
        _add(figures, f"one step of '{name}' to the new curves", times)
    pages = [browser.new_page() for _ in range(options.sessions - 1)]
    for other in pages:
        other.goto(server.url)
        _wait_for_numbers(other)
    figures.add(f"memory of the server with {options.sessions} sessions", _memory(server.pid), "MB")
    figures.write(options.out)


def _add(figures: Figures, what: str, times: list[float]) -> None:
    low, high = np.percentile(times, [50, 95])
    figures.add(f"{what}, median of {len(times)}", low, "s")
    figures.add(f"{what}, p95 of {len(times)}", high, "s")


def _wait_for_numbers(page: Any) -> None:
    """Until a card has a figure: before, it has dots."""
    page.get_by_test_id("stMetricValue").filter(has_text=re.compile("[0-9]")).first.wait_for(timeout=120_000)


def _move(page: Any, name: str, shows: str, pause: float) -> float:
    slider = page.locator(f"input[type=range][aria-label='{name}']")
    slider.focus()
    place, last = (int(slider.get_attribute(of)) for of in ("value", "max"))
    shown = page.evaluate(shows)
    started = perf_counter()
    slider.press("ArrowRight" if place < last else "ArrowLeft")
    page.wait_for_function(f"(before) => ({shows})() !== before", arg=shown, timeout=60_000)
    taken = perf_counter() - started
    wait_until_at_rest(page)
    sleep(pause)
    return taken


def _hurry(page: Any) -> float:
    """From the last of some quick steps until the page shows that k; what was begun for the others is in its way."""
    slider = page.locator("input[type=range][aria-label='k']")
    slider.focus()
    for _ in range(HURRIED - 1):
        slider.press("ArrowRight")
        sleep(HASTE)
    started = perf_counter()
    slider.press("ArrowRight")
    labels = "[...document.querySelectorAll('[data-testid=stMetricLabel]')].map(e => e.innerText)"
    wanted = f"@{slider.get_attribute('aria-valuetext')}"
    page.wait_for_function(f"(k) => {labels}.some(e => e.endsWith(k))", arg=wanted, timeout=60_000)
    taken = perf_counter() - started
    wait_until_at_rest(page)
    return taken


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000


if __name__ == "__main__":
    main()
