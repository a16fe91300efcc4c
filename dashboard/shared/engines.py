"""The search engines that the pages offer: those of this process, and those that the dashboard was started with.

Addresses come from the start alone; the browser knows an engine by its name.
"""

from __future__ import annotations

from threading import Thread

from core.errors import BadInput
from core.search.door import SearchBackend
from core.search.engines.backend import AbsentBackend
from core.search.engines.engine import EngineError
from core.search.registry import BACKENDS, get_backend, parse_engine
from dashboard.shared.launch import launch
from dashboard.shared.refusals import worded

LOCAL = "local"
PATIENCE = 5.0  # seconds that a page waits for a connection


def offered() -> dict[str, str]:
    """What `get_backend` takes, by the name that is shown; an engine named at the start a second time has a number."""
    found = {name: name for name in BACKENDS}
    for text in launch().engines:
        name, number = text.partition("=")[0], 2
        if text in found or refusal(text) is not None:
            continue
        shown = name
        while shown in found:
            shown, number = f"{name}-{number}", number + 1
        found[shown] = text
    return found


def refusals() -> list[str]:
    """Why engines named at the start are not offered, a line each."""
    return [line for line in map(refusal, launch().engines) if line is not None]


def refusal(text: str) -> str | None:
    """Why an engine cannot be offered; None where it can be."""
    try:
        parse_engine(text)
    except BadInput as error:
        return worded(error)
    return None


def open_backend(name: str) -> SearchBackend:
    """The backend of an offered name; where it does not answer soon, this process's own search, with a note."""
    text = offered().get(name, LOCAL)
    if text in BACKENDS:
        return get_backend(text)
    found: list[SearchBackend | BadInput] = []

    def connect() -> None:
        try:
            found.append(get_backend(text, fall_back=True))
        except BadInput as error:
            found.append(error)

    thread = Thread(target=connect, name="connect", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not found:
        return AbsentBackend(name, EngineError(f"{name} did not answer within {PATIENCE:.0f} seconds: is it running?"))
    if isinstance(found[0], BadInput):
        raise found[0]
    return found[0]
