"""What the first page waits for, begun while the browser still loads its own part: imports, and the first searches.

A server is idle until a browser has connected, and again while numbers are ranked on threads of their own: the
script's imports go on beside it.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from core.runtime.kernel_folder import OVERVIEW
from dashboard.shared import preparing
from dashboard.shared.launch import launch

if TYPE_CHECKING:
    from dashboard.shared.state import View


SHOWN = Event()  # set when a page has shown the first numbers
_PATIENCE = 3.0  # seconds


@cache
def start() -> Thread:
    """Begin, once a server, for the bundle that it opens first."""
    preparing.start()
    thread = Thread(target=work, args=(launch().bundle,), name="warm-up", daemon=True)
    thread.start()
    return thread


def work(path: Path) -> None:
    """Import what every page needs and search the bundle as its first page will."""
    # Each import grows what the collector goes through, again and again; what is there afterwards stays.
    gc.disable()
    try:
        with suppress(Exception):  # the page meets the same and says so
            view = first_view(path)
            from core.reports.overview import stored

            preparing.wait_unseen(OVERVIEW)
            if stored(view.bundle, view.setting, view.k) is not None:  # the first page needs no search: it goes first
                SHOWN.wait(_PATIENCE)
            Thread(target=_compare, args=(len(view.task.queries),), daemon=True).start()
            view.results()
        gc.freeze()
    finally:
        gc.enable()


def first_view(path: Path) -> View:
    """What a session without a link of its own sees of the bundle in a folder."""
    # Imported here: the title is sent before any of it is there.
    from core.engine.default_setting import choose_setting
    from core.settings import K_DEFAULT
    from dashboard.shared.state import View, open_engine

    engine = open_engine(path)
    setting = choose_setting(engine.bundle)
    return View(engine, setting, min(K_DEFAULT, engine.at(setting).task.size), "ap", "ahp")


def _compare(queries: int) -> None:
    """Make ready for comparisons of so many queries, which need no search."""
    import numpy as np

    from core.metrics.intervals import compare

    compare(np.zeros(queries), np.zeros(queries))
