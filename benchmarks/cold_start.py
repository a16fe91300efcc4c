"""What a computer that never ran this project waits for: every start here has an empty kernel cache of its own.

    python benchmarks/cold_start.py [--out FILE] [--screenshots DIR]

In Chromium (needs `pip install -r tests/requirements.txt` and a chromium on the PATH): the seconds from `streamlit run
Home.py` to the first page's title and to its first numbers, with the default setting and with another hash, length and
multiplier. On the command line: the first and the second `python -m core evaluate`, and of the first how long numba
compiled, and how many functions.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.figures import Figures
from benchmarks.served import chromium, dashboard, wait_until_up

OTHER = "/?hash=itq&bits=64&multiplier=3"
VIEWS = {"the default setting": "/", "another hash, length and multiplier": OTHER}
# Evaluates as `python -m core evaluate` does, and tells of each compilation that is not within another.
_COUNTED = """
import time
from numba.core import event
class Listener(event.Listener):
    depth, count, seconds = 0, 0, 0.0
    def on_start(self, found):
        if self.depth == 0:
            self.started = time.process_time()
        self.depth += 1
    def on_end(self, found):
        self.depth -= 1
        self.count += 1
        if self.depth == 0:
            self.seconds += time.process_time() - self.started
listener = Listener()
event.register("numba:compile", listener)
from core.cli import main
main(["evaluate", "--threads", "1"])
print(f"COMPILED {listener.count} {listener.seconds}")
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--screenshots", type=Path, help="keep a picture of the first numbers of each start in here")
    options = parser.parse_args()
    figures = Figures()
    with chromium() as browser:
        for name, address in VIEWS.items():
            with empty_cache() as environment:
                title, numbers = first_numbers(browser, address, environment, options.screenshots)
            figures.add(f"cold start to the title, {name}", title, "s")
            figures.add(f"cold start to the first numbers, {name}", numbers, "s")
    with empty_cache() as environment:
        for run in ("first", "second"):
            figures.add(f"{run} python -m core evaluate", evaluation(environment), "s")
    with empty_cache() as environment:
        functions, seconds = compilation(environment)
    figures.add("compiling for evaluate, on one core", seconds, "s")
    figures.add("functions compiled for evaluate", functions, "")
    figures.write(options.out)


@contextmanager
def empty_cache() -> Iterator[dict[str, str]]:
    """An environment whose kernel cache is empty."""
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        environment.pop("NUMBA_CACHE_DIR", None)
        yield environment


def first_numbers(
    browser: Any, address: str, environment: dict[str, str], pictures: Path | None
) -> tuple[float, float]:
    """Seconds from the start of the server to the title and to the first figure on a card, in a new profile."""
    started = perf_counter()
    with dashboard(environment) as server:
        wait_until_up(server)
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        page = context.new_page()
        page.goto(server.url + address)
        page.get_by_role("heading", level=1).first.wait_for(timeout=120_000)
        title = perf_counter() - started
        page.get_by_test_id("stMetricValue").filter(has_text=re.compile("[0-9]")).first.wait_for(timeout=300_000)
        numbers = perf_counter() - started
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=pictures / f"cold-{len(address)}.png")
        context.close()
    return title, numbers


def evaluation(environment: dict[str, str]) -> float:
    """Seconds of one `python -m core evaluate`."""
    started = perf_counter()
    _run(["-m", "core", "evaluate"], environment)
    return perf_counter() - started


def compilation(environment: dict[str, str]) -> tuple[int, float]:
    """How many functions numba compiles for an evaluation on one thread, and the processor's seconds that it takes."""
    line = next(line for line in _run(["-c", _COUNTED], environment).splitlines() if line.startswith("COMPILED"))
    _, count, seconds = line.split()
    return int(count), float(seconds)


def _run(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, *command], cwd=HOME, env=environment, check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    main()
