"""--engine: who searches, connected to once everything else about a command is known to be right."""

from __future__ import annotations

import argparse

from core.cli.parser import Parser, checked
from core.search.door import SearchBackend
from core.search.engines.backend import EngineBackend
from core.search.registry import BACKENDS, ENGINES, get_backend, parse_engine

_DEFAULT = "local"


def add_engine(parser: Parser) -> None:
    """--engine, of which only the text is read here."""
    parser.add_argument(
        "--engine", metavar="NAME[=ADDRESS]", type=checked(_text), default=_DEFAULT,
        help=f"who searches: {', '.join(BACKENDS)}, or by its address an engine that holds the bundle: "
        f"{', '.join(ENGINES)} (default: {_DEFAULT}); changes no result",
    )  # fmt: skip


def open_backend(args: argparse.Namespace) -> SearchBackend:
    """Who searches; a command without --engine searches by this project's own kernels. EngineError where an engine
    does not answer."""
    return get_backend(getattr(args, "engine", _DEFAULT))


def remarks(backend: SearchBackend, times: bool = False) -> list[str]:
    """What an engine outside this process did, and what was done in its place; `times`: search times are shown, too."""
    if not isinstance(backend, EngineBackend):
        return []
    own = "; the times shown are of this project's own search" if times else ""
    return [*backend.notes, f"{backend.name} answered {backend.asked:,} queries{own}"]


def _text(text: str) -> str:
    parse_engine(text)
    return text
