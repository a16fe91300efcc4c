"""PostgreSQL with pgvector, 0.7 or later, at a URL or `user@host:port/db`. A collection is a table (id, v).

`near` reads the whole table: index scans are off. One approximate index is kept at a time, because PostgreSQL itself
chooses among several.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from select import select
from typing import Any, ClassVar, Self

import numpy as np

from core.search.engines.clients import (
    PATIENCE,
    client_package,
    lost,
    must_have_kind,
    no_answer,
    one_line,
    version_numbers,
    without_password,
)
from core.search.engines.engine import ApproximateIndex, Collection, EngineError, SearchEngine

_OLDEST = (0, 7)  # the first with indexes of bits
_CONNECTIONS = 4  # that share the queries of a request
_INLINE = 7900  # bytes of a row that fits PostgreSQL's page: it is kept there, as unpacking takes longer than comparing
_BUILD = {"HNSW": ("m", "ef_construction"), "IVFFlat": ("lists",)}
_SEARCH = {"ef_search": "hnsw.ef_search", "probes": "ivfflat.probes"}
_TYPE = re.compile(r"(vector|bit)\((\d+)\)")


class PgVector(SearchEngine):
    """Connections to a PostgreSQL database, made as they are needed and again after they broke."""

    name = "pgvector"
    batch = 1000
    kinds: ClassVar = {"vectors": tuple(_BUILD), "codes": tuple(_BUILD)}

    def __init__(self, address: str) -> None:
        self._address = address if "://" in address else f"postgresql://{address}"
        self._psycopg = client_package(self.name, "psycopg", "psycopg[binary]")
        self._types = client_package(self.name, "pgvector", "pgvector")
        self._register: Callable[[Any], None] = client_package(
            self.name, "pgvector.psycopg", "pgvector"
        ).register_vector
        self._sql = client_package(self.name, "psycopg.sql", "psycopg[binary]")
        self._lock = threading.Lock()
        self._idle: list[Any] = []
        self._version = ""

    @classmethod
    def connect(cls, address: str) -> Self:
        engine = cls(address)
        engine.round_trip()
        return engine

    @property
    def version(self) -> str:
        return self._version

    def held(self, name: str) -> Collection | None:
        with self._connection() as connection:
            found = connection.execute(
                "SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
                "WHERE a.attrelid = to_regclass(quote_ident(%s)) AND a.attname = 'v'",
                (name,),
            ).fetchone()
            if found is None:
                return None
            match = _TYPE.fullmatch(found[0])
            if match is None:
                raise EngineError(f"table '{name}' of {self.name} was not made by this project: use another database")
            count = connection.execute(self._with("SELECT count(*) FROM {}", name)).fetchone()[0]
        return Collection(name, "codes" if match[1] == "bit" else "vectors", int(match[2]), count)

    def create(self, collection: Collection) -> None:
        column = f"{self._type(collection)}({int(collection.width)})"
        plain = _bytes(collection) <= _INLINE
        with self._connection() as connection:
            connection.execute(
                self._with(f"CREATE TABLE {{}} (id integer PRIMARY KEY, v {column} NOT NULL)", collection.name)
            )
            if plain:
                connection.execute(self._with("ALTER TABLE {} ALTER COLUMN v SET STORAGE PLAIN", collection.name))

    def present(self, collection: Collection, first: int, stop: int) -> np.ndarray:
        with self._connection() as connection:
            wanted = self._with("SELECT id FROM {} WHERE id >= %s AND id < %s ORDER BY id", collection.name)
            return np.array([row[0] for row in connection.execute(wanted, (first, stop))], np.int64)

    def insert(self, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        # COPY knows no conflicts, so rows go through a table of this transaction's own.
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute(self._with("CREATE TEMP TABLE incoming (LIKE {}) ON COMMIT DROP", collection.name))
            with cursor.copy("COPY incoming (id, v) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int4", self._type(collection)])
                for row, values in zip(ids.tolist(), rows, strict=True):
                    copy.write_row((row, self._value(collection, values)))
            cursor.execute(
                self._with("INSERT INTO {} SELECT id, v FROM incoming ON CONFLICT (id) DO NOTHING", collection.name)
            )

    def finish(self, collection: Collection) -> None:
        with self._connection() as connection:
            connection.execute(self._with("ANALYZE {}", collection.name))

    def read(self, collection: Collection, ids: np.ndarray) -> np.ndarray:
        send = f"{self._type(collection)}_send"
        wanted = self._with(f"SELECT id, {send}(v) FROM {{}} WHERE id = ANY(%s)", collection.name)
        with self._connection() as connection:
            found = {
                row: _row(collection, sent) for row, sent in connection.execute(wanted, (ids.tolist(),), binary=True)
            }
        if missing := set(ids.tolist()) - set(found):
            raise EngineError(f"{self.name} lacks row {min(missing)} of '{collection.name}': load it again")
        shape = (len(ids), collection.width // 8 if collection.kind == "codes" else collection.width)
        rows = np.empty(shape, np.uint8 if collection.kind == "codes" else np.float32)
        for place, row in enumerate(ids.tolist()):
            rows[place] = found[row]
        return rows

    def drop(self, name: str) -> None:
        with self._connection() as connection:
            connection.execute(self._with("DROP TABLE IF EXISTS {}", name))

    def near(self, collection: Collection, queries: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        return self._nearest(collection, queries, depth, {"enable_indexscan": "off", "jit": "off"}, ", id")

    def build(self, collection: Collection, index: ApproximateIndex) -> None:
        must_have_kind(type(self), collection, index)
        options = ", ".join(f"{key} = {value}" for key, value in _whole(index.build, _BUILD[index.kind]).items())
        operators = "bit_hamming_ops" if collection.kind == "codes" else "vector_ip_ops"
        name = collection.name
        with self._connection() as connection:
            for kind in _BUILD:
                connection.execute(self._with("DROP INDEX IF EXISTS {}", _index_name(name, kind)))
            made = f"CREATE INDEX {{}} ON {{}} USING {index.kind.lower()} (v {operators})"
            made += f" WITH ({options})" if options else ""
            connection.execute(self._with(made, _index_name(name, index.kind), name))
            connection.execute(self._with("ANALYZE {}", name))

    def search(
        self, collection: Collection, index: ApproximateIndex, queries: np.ndarray, depth: int
    ) -> tuple[np.ndarray, np.ndarray]:
        must_have_kind(type(self), collection, index)
        wanted = _whole(index.search, tuple(_SEARCH))
        with self._connection() as connection:
            there = connection.execute("SELECT to_regclass(%s)", (_index_name(collection.name, index.kind),)).fetchone()
        if there[0] is None:
            raise EngineError(f"{self.name} has no index {index.kind} of '{collection.name}' now: build it first")
        settings = {_SEARCH[key]: str(value) for key, value in wanted.items()}
        return self._nearest(collection, queries, depth, {**settings, "enable_seqscan": "off", "jit": "off"}, "")

    def round_trip(self) -> None:
        with self._connection() as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _nearest(
        self, collection: Collection, queries: np.ndarray, depth: int, settings: dict[str, str], ties: str
    ) -> tuple[np.ndarray, np.ndarray]:
        codes = collection.kind == "codes"
        ids = np.full((len(queries), depth), -1, np.int64)
        scores = np.full((len(queries), depth), np.inf if codes else -np.inf)
        operator = "<~>" if codes else "<#>"  # the latter is minus the inner product
        wanted = self._with(
            f"SELECT id, v {operator} %s AS apart FROM {{}} ORDER BY apart{ties} LIMIT %s", collection.name
        )

        def answer(places: np.ndarray) -> None:
            with self._connection() as connection:
                for key, value in settings.items():
                    connection.execute("SELECT set_config(%s, %s, true)", (key, value))  # SET LOCAL
                for place in places.tolist():
                    query = self._value(collection, queries[place])
                    found = connection.execute(wanted, (query, depth), binary=True).fetchall()
                    if found:
                        ids[place, : len(found)], scores[place, : len(found)] = zip(*found, strict=True)

        parts = [part for part in np.array_split(np.arange(len(queries)), _CONNECTIONS) if len(part)]
        if len(parts) == 1:
            answer(parts[0])
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                list(pool.map(answer, parts))
        return ids, scores if codes else -scores

    def _type(self, collection: Collection) -> str:
        return "bit" if collection.kind == "codes" else "vector"

    def _value(self, collection: Collection, row: np.ndarray) -> Any:
        return self._types.Bit(row.tobytes()) if collection.kind == "codes" else row

    def _with(self, text: str, *names: str) -> Any:
        """SQL with names of tables put in and quoted; `text` holds only this module's own words."""
        return self._sql.SQL(text).format(*(self._sql.Identifier(name) for name in names))

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """A connection inside a transaction, which ends with the block."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None and select([connection.fileno()], [], [], 0)[0]:
            connection.close()  # the server has said something on its own: goodbye
            connection = None
        if connection is None:
            connection = self._connected()
        try:
            with connection.transaction():
                yield connection
        except self._psycopg.OperationalError as error:
            connection.close()
            if error.sqlstate is None or error.sqlstate[:2] in ("08", "57"):
                self.close()  # the others are broken, too
                raise lost(self.name, without_password(self._address), error) from error
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
        return EngineError(f"{self.name} at '{without_password(self._address)}' refused a request: {one_line(error)}")

    def _connected(self) -> Any:
        shown = without_password(self._address)
        try:
            connection = self._psycopg.connect(
                self._address, autocommit=True, connect_timeout=int(PATIENCE), keepalives_idle=10, keepalives_count=3,
                keepalives_interval=5, application_name="binary-hashes",
            )  # fmt: skip
        except self._psycopg.ProgrammingError as error:
            raise EngineError(f"address '{shown}' of pgvector: expected user@host:port/database or a URL") from error
        except self._psycopg.OperationalError as error:
            if "failed: FATAL" in str(error) and "starting up" not in str(error):
                raise EngineError(f"PostgreSQL at '{shown}' refuses the connection: {one_line(error)}") from error
            raise no_answer(self.name, shown) from error
        try:
            self._version = self._checked(connection)
            self._register(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _checked(self, connection: Any) -> str:
        """The versions of a database that has pgvector, which is switched on where that is allowed."""
        shown = without_password(self._address)
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


def _bytes(collection: Collection) -> int:
    return collection.width // 8 if collection.kind == "codes" else 4 * collection.width


def _row(collection: Collection, sent: bytes) -> np.ndarray:
    """A row as PostgreSQL sends it: four bytes of its length, then bits or floats, big end first."""
    if collection.kind == "codes":
        return np.frombuffer(sent, np.uint8, offset=4)
    return np.frombuffer(sent, ">f4", offset=4).astype(np.float32)


def _index_name(name: str, kind: str) -> str:
    """At most 63 characters, where the table's name may have as many."""
    return f"bh_{kind.lower()}_{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}"


def _whole(given: Mapping[str, int | str], known: tuple[str, ...]) -> dict[str, int]:
    """Options of an index, each known and a whole number, as they become part of SQL."""
    for key, value in given.items():
        if key not in known or not str(value).isascii() or not str(value).isdigit():
            raise EngineError(
                f"option '{key}' = '{value}' of an index of pgvector: "
                f"expected a whole number for one of {', '.join(known)}"
            )
    return {key: int(value) for key, value in given.items()}


ENGINE = PgVector
