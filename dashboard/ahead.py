"""Work begun ahead of the page that needs it: at a server's first page the other cores would be idle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module

from core.errors import BadInput
from dashboard.state import View

_HEAVY = ("scipy.stats", "faiss", "core.search_times")  # modules that the first figures and times wait for
_FIRST = threading.Lock()  # taken once and never given back


def begin_once(view: View) -> None:
    """Rank exactly what the overview shows, and load libraries, while the page's own modules are imported.

    Only at a server's first page. The engine makes a ranking once: who asks while it is made waits for this one.
    """
    if _FIRST.acquire(blocking=False):
        _start(lambda: _rank(view))
        _start(lambda: [import_module(name) for name in _HEAVY])


def _rank(view: View) -> None:
    try:
        view.results_at_k(["exact"])
    except BadInput:  # the page asks for the same, and says what is wrong where it is seen
        return


def _start(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()
