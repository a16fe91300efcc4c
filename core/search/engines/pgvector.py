"""PostgreSQL with pgvector, 0.7 or later, at a URL or `user@host:port/db`. A collection is a table (id, v).

`near` reads the whole table: index scans are off. One approximate index is kept at a time, because PostgreSQL itself
chooses among several.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Self

import numpy as np

from core.search.engines.clients import (
    client_package,
    must_have_kind,
)
from core.search.engines.engine import ApproximateIndex, Collection, EngineError, SearchEngine
from core.search.engines.pgvector_connections import Database

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
        self._types = client_package(self.name, "pgvector", "pgvector")
        self._sql = client_package(self.name, "psycopg.sql", "psycopg[binary]")
        self._database = Database(address)

    @classmethod
    def connect(cls, address: str) -> Self:
        engine = cls(address)
        engine.round_trip()
        return engine

    @property
    def version(self) -> str:
        return self._database.version

    def held(self, name: str) -> Collection | None:
        with self._database.connection() as connection:
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
        with self._database.connection() as connection:
            connection.execute(
                self._with(f"CREATE TABLE {{}} (id integer PRIMARY KEY, v {column} NOT NULL)", collection.name)
            )
            if plain:
                connection.execute(self._with("ALTER TABLE {} ALTER COLUMN v SET STORAGE PLAIN", collection.name))

    def present(self, collection: Collection, first: int, stop: int) -> np.ndarray:
        with self._database.connection() as connection:
            wanted = self._with("SELECT id FROM {} WHERE id >= %s AND id < %s ORDER BY id", collection.name)
            return np.array([row[0] for row in connection.execute(wanted, (first, stop))], np.int64)

    def insert(self, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        # COPY knows no conflicts, so rows go through a table of this transaction's own.
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(self._with("CREATE TEMP TABLE incoming (LIKE {}) ON COMMIT DROP", collection.name))
            with cursor.copy("COPY incoming (id, v) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int4", self._type(collection)])
                for row, values in zip(ids.tolist(), rows, strict=True):
                    copy.write_row((row, self._value(collection, values)))
            cursor.execute(
                self._with("INSERT INTO {} SELECT id, v FROM incoming ON CONFLICT (id) DO NOTHING", collection.name)
            )

    def finish(self, collection: Collection) -> None:
        with self._database.connection() as connection:
            connection.execute(self._with("ANALYZE {}", collection.name))

    def read(self, collection: Collection, ids: np.ndarray) -> np.ndarray:
        send = f"{self._type(collection)}_send"
        wanted = self._with(f"SELECT id, {send}(v) FROM {{}} WHERE id = ANY(%s)", collection.name)
        with self._database.connection() as connection:
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
        with self._database.connection() as connection:
            connection.execute(self._with("DROP TABLE IF EXISTS {}", name))

    def near(self, collection: Collection, queries: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        return self._nearest(collection, queries, depth, {"enable_indexscan": "off", "jit": "off"}, ", id")

    def build(self, collection: Collection, index: ApproximateIndex) -> None:
        must_have_kind(type(self), collection, index)
        options = ", ".join(f"{key} = {value}" for key, value in _whole(index.build, _BUILD[index.kind]).items())
        operators = "bit_hamming_ops" if collection.kind == "codes" else "vector_ip_ops"
        name = collection.name
        with self._database.connection() as connection:
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
        with self._database.connection() as connection:
            there = connection.execute("SELECT to_regclass(%s)", (_index_name(collection.name, index.kind),)).fetchone()
        if there[0] is None:
            raise EngineError(f"{self.name} has no index {index.kind} of '{collection.name}' now: build it first")
        settings = {_SEARCH[key]: str(value) for key, value in wanted.items()}
        return self._nearest(collection, queries, depth, {**settings, "enable_seqscan": "off", "jit": "off"}, "")

    def round_trip(self) -> None:
        with self._database.connection(transaction=False) as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        self._database.close()

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

        local = "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(settings))  # SET LOCAL, with values apart

        def answer(places: np.ndarray) -> None:
            with self._database.connection() as connection:
                connection.execute(local, [part for setting in settings.items() for part in setting])
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
