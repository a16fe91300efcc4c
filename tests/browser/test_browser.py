"""The dashboard as a person meets it: started by the README's command, in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
HOME = Path(__file__).resolve().parents[2]
SLIDER_K = "input[type=range][aria-label='k']"
TITLES = {
    "Retrieval": "Retrieval",
    "Curves": "Curves",
    "Methods": "Methods",
    "Trade-off": "Trade-off",
    "Timing": "Timing",
    "Scale": "Scale",
    "Queries": "Queries",
    "Encoders": "Encoders",
    "Export": "Export",
    "Folder search": "Folder search",
    "Your data": "Your data",
    "Overview": "What do binary hashes cost, and what do they gain?",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    environment = {key: value for key, value in os.environ.items() if key != "CIFAR_ROOT"}
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.headless", "true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.address", "127.0.0.1"],
            cwd=HOME,
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(url: str, process: subprocess.Popen) -> None:
    for _ in range(120):
        assert process.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.25)
    pytest.fail("the server did not answer within 30 s")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("no chromium on this machine: apt-get install chromium")
    with sync_playwright() as play:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = play.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    yield page
    page.close()


def settle(page) -> None:
    """Wait until the script has run and nothing is stale."""
    from playwright.sync_api import expect

    page.wait_for_timeout(300)  # a run that was asked for has begun by then
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=120_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_every_page_opens_without_an_error(server, page):
    page.goto(server)
    settle(page)
    for name, title in TITLES.items():
        link = page.get_by_role("link", name=name, exact=True).first
        if not link.is_visible():  # the bar holds as many as fit, a menu the others
            page.get_by_text(re.compile(r"\d+ more")).click()
            link = page.get_by_text(name, exact=True).locator("visible=true").last
        link.click()
        page.get_by_role("heading", level=1, name=title).wait_for(timeout=60_000)
        settle(page)
        assert page.get_by_test_id("stException").count() == 0, name
        errors = [alert.inner_text() for alert in page.get_by_test_id("stAlertContentError").all()]
        assert errors == [], name


def test_moving_k_changes_the_numbers_and_the_link(server, page):
    page.goto(server)
    settle(page)
    before = page.get_by_test_id("stMetricValue").first.inner_text()
    slider = page.locator(SLIDER_K)
    slider.focus()
    for k in range(101, 104):
        slider.press("ArrowRight")
        page.wait_for_url(re.compile(rf"[?&]k={k}\b"), timeout=30_000)
        settle(page)
    assert page.get_by_test_id("stMetricValue").first.inner_text() != before


def test_a_link_restores_its_view(server, page):
    page.goto(f"{server}/?hash=random-hyperplane&bits=24&multiplier=3&k=7")
    settle(page)
    assert page.locator(SLIDER_K).get_attribute("aria-valuetext") == "7"
    assert page.get_by_text("Random hyperplanes").count() > 0


def test_retrieval_shows_cards_without_any_data_set(server, page):
    page.goto(f"{server}/retrieval?k=20")
    settle(page)
    lists = page.get_by_role("list").filter(has=page.get_by_role("listitem"))
    lists.nth(1).wait_for(timeout=60_000)  # exact beside hashed
    settle(page)
    words = [tile.get_attribute("aria-label") for tile in page.locator("[role=listitem]").all()]
    relations = ("same class", "same superclass", "another class")
    assert sum(any(relation in each for relation in relations) for each in words) >= 40, words[:3]
    assert page.locator("[role=listitem] img").count() == 0
