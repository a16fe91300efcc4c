"""The dashboard in a test, opened on a small bundle."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.bundle.bundle import Bundle
from core.engine.engine import Engine
from dashboard.shared import launch, warm_up
from tests.core.encoder_worlds import write_three
from tests.dashboard.reading import checked

ENCODERS_VIEW = {"hash": "latent-sigmoid", "k": "10"}
HOME = Path(__file__).resolve().parents[2] / "Home.py"


@pytest.fixture(autouse=True)
def nothing_beside_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page in a test does its own work: what it calls, and how often, is then the same at each run."""
    monkeypatch.setattr(warm_up, "start", lambda: None)


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Bundle):
    """`open_app(page=None, query=None, bundle=..., options=[])` runs Home.py and then, if named, a page script."""

    def start(
        page: str | None = None,
        query: dict[str, str] | None = None,
        bundle: Path = tiny_bundle.path,
        options: list[str] | None = None,
    ) -> AppTest:
        monkeypatch.setattr(sys, "argv", ["x", "--bundle", str(bundle), *(options or [])])
        launch.launch.cache_clear()
        at = AppTest.from_file(str(HOME), default_timeout=120)
        for key, value in (query or {}).items():
            at.query_params[key] = value
        at.run()
        return at.switch_page(f"dashboard/{page}/page.py").run() if page else at

    yield start
    launch.launch.cache_clear()


@pytest.fixture
def app(open_app: Callable[..., AppTest]) -> AppTest:
    """The dashboard on the tiny bundle, at the first page."""
    return open_app()


@pytest.fixture
def engine(tiny_bundle: Bundle) -> Engine:
    """The engine of the tiny bundle, to compute what a page should show."""
    return Engine(tiny_bundle)


@pytest.fixture(scope="module")
def three(tiny_bundle, tmp_path_factory):
    """A bundle of three encoders."""
    return write_three(tiny_bundle, tmp_path_factory.mktemp("encoders") / "three")


@pytest.fixture
def open_encoders(open_app, three):
    """`open_encoders(bundle=three, **query)` opens the Encoders page at the hash and k that its tests expect."""

    def start(bundle: Bundle = three, **query: str) -> AppTest:
        return checked(open_app("encoders", ENCODERS_VIEW | query, bundle.path))

    return start
