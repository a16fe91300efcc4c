"""The servers of the engines that have a wheel, each started once, on loopback only; one that has none skips."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.search.engines.servers import MilvusServer, PostgresServer, Server


def _server(kind: type[Server]) -> Iterator[Server]:
    if reason := kind.missing():
        pytest.skip(reason)
    server = kind()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def milvus_server() -> Iterator[Server]:
    """A Milvus server of the wheel."""
    yield from _server(MilvusServer)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server with pgvector of the wheel."""
    yield from _server(PostgresServer)
