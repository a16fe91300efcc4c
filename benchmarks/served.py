"""The dashboard on a free port, and a browser to look at it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any, NamedTuple

HOME = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_AT_REST = "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"


class Server(NamedTuple):
    """Where the dashboard answers, and its process."""

    url: str
    pid: int


@contextmanager
def dashboard(environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`streamlit run Home.py`, from its start; stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless", "true", "--server.port", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "Home.py", *options],
        cwd=HOME,
        env=dict(os.environ if environment is None else environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Server(f"http://127.0.0.1:{port}", server.pid)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:  # a busy machine, or a search that cannot be broken off
            server.kill()


@contextmanager
def chromium() -> Iterator[Any]:
    """Playwright's browser; needs `pip install -r tests/requirements.txt` and a chromium on the PATH."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def wait_until_up(server: Server) -> None:
    """Wait until the server answers."""
    while True:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1):
                return
        except OSError:
            sleep(0.02)


def wait_until_at_rest(page: Any) -> None:
    """Wait until the page's script has run."""
    page.wait_for_function(_AT_REST, timeout=120_000)
