"""The README's pictures of the dashboard, as it looks with the shipped bundle and without any data set.

    python benchmarks/screenshots.py [--out docs/screenshots]

Needs what `benchmarks/dashboard.py` needs, and a font with emoji for the drawn cards.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from time import sleep
from typing import Any

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.served import chromium, dashboard, wait_until_at_rest, wait_until_up

WIDTH = 1400
PAGES = {"overview": ("", 860), "retrieval": ("retrieval?query=9", 1250), "methods": ("methods", 1000)}  # heights
MOST_WAIT = 60  # seconds until nothing of a page moves any more


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HOME / "docs" / "screenshots")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    without_pictures = {key: value for key, value in os.environ.items() if key != "CIFAR_ROOT"}
    with chromium() as browser, dashboard(without_pictures) as server:
        wait_until_up(server)
        for name, (address, height) in PAGES.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme="light")
            page.goto(f"{server.url}/{address}")
            page.get_by_test_id("stSlider").first.wait_for(timeout=120_000)
            (folder / f"{name}.png").write_bytes(_at_rest(page))
            page.close()
            print(folder / f"{name}.png")


def _at_rest(page: Any) -> bytes:
    """The page as a PNG, once its script has run and two pictures in a row are the same."""
    before = b""
    for _ in range(MOST_WAIT):
        sleep(1)
        wait_until_at_rest(page)
        now = page.screenshot()
        if now == before:
            return now
        before = now
    return before


if __name__ == "__main__":
    main()
