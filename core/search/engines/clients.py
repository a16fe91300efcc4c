"""What the engines' clients have in common: packages that may be missing, addresses, and servers that do not answer."""

from __future__ import annotations

import re
import socket
from importlib import import_module
from typing import Any

from core.search.engines.engine import ApproximateIndex, Collection, EngineError, SearchEngine

PATIENCE = 5.0  # seconds until a server that does not accept a connection counts as absent


def client_package(engine: str, module: str, package: str) -> Any:
    """The module of an engine's client, imported now; EngineError where its package is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise EngineError(
            f"search engine '{engine}' needs the package '{package}': pip install -r requirements-engines.txt"
        ) from error


def host_and_port(engine: str, address: str) -> tuple[str, int]:
    """Of `host:port`; EngineError for anything else."""
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise EngineError(f"address '{without_password(address)}' of search engine '{engine}': expected host:port")
    return host.strip("[]"), int(port)


def must_accept(engine: str, host: str, port: int) -> None:
    """EngineError unless something accepts connections there: clients themselves keep trying for long."""
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except OSError as error:
        raise no_answer(engine, f"{host}:{port}") from error


def no_answer(engine: str, address: str) -> EngineError:
    """The error of an address at which no server is found."""
    return EngineError(f"{engine} does not answer at '{address}': start the server, or check the address")


def lost(engine: str, address: str, error: BaseException) -> EngineError:
    """The error of a connection that broke during a request."""
    return EngineError(f"lost the connection to {engine} at '{address}' ({one_line(error)}): try again when it is back")


def one_line(error: BaseException) -> str:
    """An error's own words, short enough for one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."


def without_password(address: str) -> str:
    """An address as it may be shown."""
    return re.sub(r":[^:@/]*@", ":***@", address)


def version_numbers(text: str) -> tuple[int, ...]:
    """(2, 3, 5) of a version such as `v2.3.5-lite`."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def must_have_kind(engine: type[SearchEngine], collection: Collection, index: ApproximateIndex) -> None:
    """EngineError for an approximate index that the engine does not have for such data."""
    known = engine.kinds[collection.kind]
    if index.kind not in known:
        raise EngineError(
            f"{engine.name} has no approximate index '{index.kind}' of {collection.kind}: "
            f"expected one of {', '.join(known) or '(none)'}"
        )
