"""Connections to a PostgreSQL database that has pgvector."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from select import select
from typing import Any

from core.search.engines.clients import (
    PATIENCE,
    client_package,
    lost,
    no_answer,
    one_line,
    version_numbers,
    without_password,
)
from core.search.engines.engine import EngineError

_NAME = "pgvector"
_OLDEST = (0, 7)  # the first with indexes of bits


class Database:
    """Connections at a URL or `user@host:port/db`, one for each thread that asks, made again after they broke."""

    def __init__(self, address: str) -> None:
        self.address = address if "://" in address else f"postgresql://{address}"
        self.version = ""
        self._psycopg = client_package(_NAME, "psycopg", "psycopg[binary]")
        self._register: Callable[[Any], None] = client_package(_NAME, "pgvector.psycopg", "pgvector").register_vector
        self._lock = threading.Lock()
        self._idle: list[Any] = []

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def connection(self, transaction: bool = True) -> Iterator[Any]:
        """A connection inside a transaction, which ends with the block; without one, each request is its own."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None and select([connection.fileno()], [], [], 0)[0]:
            connection.close()  # the server has said something on its own: goodbye
            connection = None
        if connection is None:
            connection = self._connected()
        try:
            with connection.transaction() if transaction else nullcontext():
                yield connection
        except self._psycopg.OperationalError as error:
            connection.close()
            if error.sqlstate is None or error.sqlstate[:2] in ("08", "57"):
                self.close()  # the others are broken, too
                raise lost(_NAME, without_password(self.address), error) from error
            raise self._refused(error) from error
        except self._psycopg.Error as error:
            connection.close()
            raise self._refused(error) from error
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def _refused(self, error: Exception) -> EngineError:
        return EngineError(f"{_NAME} at '{without_password(self.address)}' refused a request: {one_line(error)}")

    def _connected(self) -> Any:
        shown = without_password(self.address)
        try:
            connection = self._psycopg.connect(
                self.address, autocommit=True, connect_timeout=int(PATIENCE), keepalives_idle=10, keepalives_count=3,
                keepalives_interval=5, application_name="binary-hashes",
            )  # fmt: skip
        except self._psycopg.ProgrammingError as error:
            raise EngineError(f"address '{shown}' of pgvector: expected user@host:port/database or a URL") from error
        except self._psycopg.OperationalError as error:
            if "failed: FATAL" in str(error) and "starting up" not in str(error):
                raise EngineError(f"PostgreSQL at '{shown}' refuses the connection: {one_line(error)}") from error
            raise no_answer(_NAME, shown) from error
        try:
            self.version = self._checked(connection)
            self._register(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _checked(self, connection: Any) -> str:
        """The versions of a database that has pgvector, which is switched on where that is allowed."""
        shown = without_password(self.address)
        asked = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        try:
            if connection.execute(asked).fetchone() is None:
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            found = connection.execute(asked).fetchone()[0]
        except self._psycopg.Error as error:
            raise EngineError(
                f"PostgreSQL at '{shown}' has no pgvector ({one_line(error)}): install it there, "
                "and run 'CREATE EXTENSION vector' as a superuser"
            ) from error
        if version_numbers(found) < _OLDEST:
            raise EngineError(
                f"pgvector at '{shown}' has version {found}: expected {'.'.join(map(str, _OLDEST))} or later"
            )
        return f"{found}, PostgreSQL {connection.info.server_version // 10_000}"
