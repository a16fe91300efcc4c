"""Milvus, 2.3 or later, at `host:port`. Each collection has one vector field with a flat index, so `near` is exact.

Milvus holds one index per field. An approximate index therefore has a collection of its own, a copy of the rows whose
name ends with the index's kind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from operator import methodcaller
from typing import Any, ClassVar, Self

import numpy as np

from core.search.engines.clients import (
    client_package,
    must_have_kind,
)
from core.search.engines.engine import ApproximateIndex, Collection, EngineError, SearchEngine
from core.search.engines.milvus_connection import QUICK, Connection

_MOST = 16_384  # queries of a request, items of an answer, and rows of a query by id
_HITS = 2_000_000  # items of all answers of a request: the server sends at most 64 MiB, about 10 million
_BYTES = 4_000_000  # of a request that inserts rows: up to here it is one message, all of which arrives or nothing
_LIMIT = 600.0  # seconds that an index may stand still
_STALE = 6.0  # seconds until a bounded search sees a row (5 by default); a strong one waits 0.2 s each time
_FLUSHING = 300.0  # seconds that a flush may take


class Milvus(SearchEngine):
    """A connection to a Milvus server, made again by the first request after it broke."""

    name = "milvus"
    deepest = _MOST
    batch = 1000
    kinds: ClassVar = {
        "vectors": ("IVF_FLAT", "IVF_SQ8", "IVF_PQ", "HNSW", "SCANN", "DISKANN"),
        "codes": ("BIN_IVF_FLAT",),
    }

    def __init__(self, address: str) -> None:
        self._pymilvus = client_package(self.name, "pymilvus", "pymilvus")
        self._connection = Connection(address)
        self._ask = self._connection.ask
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
        if not self._ask(lambda client: client.has_collection(name, timeout=QUICK)):
            return None
        described = self._ask(lambda client: client.describe_collection(name, timeout=QUICK))
        field = {field["name"]: field for field in described["fields"]}.get("v")
        if field is None:
            raise EngineError(f"collection '{name}' of {self.name} was not made by this project: choose another server")
        binary = field["type"] == self._pymilvus.DataType.BINARY_VECTOR
        self._load(name)
        return Collection(name, "codes" if binary else "vectors", int(field["params"]["dim"]), self._count(name))

    def create(self, collection: Collection) -> None:
        flat = ApproximateIndex("BIN_FLAT" if collection.kind == "codes" else "FLAT")
        self._create(collection.name, collection, flat)

    def present(self, collection: Collection, first: int, stop: int) -> np.ndarray:
        found: list[int] = []
        for low in range(first, stop, _MOST):
            where = f"id >= {int(low)} and id < {min(int(low) + _MOST, int(stop))}"
            found += [row["id"] for row in self._query(collection.name, where, ["id"])]
        return np.unique(np.array(found, np.int64))

    def insert(self, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        self._insert(collection.name, collection, ids, rows)

    def finish(self, collection: Collection) -> None:
        self._finish(collection.name)

    def read(self, collection: Collection, ids: np.ndarray) -> np.ndarray:
        width = collection.width // 8 if collection.kind == "codes" else collection.width
        rows = np.empty((len(ids), width), np.uint8 if collection.kind == "codes" else np.float32)
        for part in _parts(len(ids), _MOST // 8):
            where = f"id in {ids[part].tolist()}"
            found = {row["id"]: _row(row["v"]) for row in self._query(collection.name, where, ["id", "v"])}
            if missing := set(ids[part].tolist()) - set(found):
                raise EngineError(f"{self.name} lacks row {min(missing)} of '{collection.name}': load it again")
            for place, row in zip(range(part.start, part.stop), ids[part].tolist(), strict=True):
                rows[place] = found[row]
        return rows

    def drop(self, name: str) -> None:
        copies = [_copy(name, kind) for kinds in self.kinds.values() for kind in kinds]
        there = self._ask(lambda client: client.list_collections(timeout=QUICK))
        for each in (*copies, name):  # the collection itself last: a drop that was cut off can be done again
            if each in there:
                self._ask(methodcaller("drop_collection", each, timeout=QUICK))

    def near(self, collection: Collection, queries: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        return self._search(collection.name, collection, queries, depth, {})

    def build(self, collection: Collection, index: ApproximateIndex) -> None:
        must_have_kind(type(self), collection, index)
        copy = _copy(collection.name, index.kind)
        if self._ask(lambda client: client.has_collection(copy, timeout=QUICK)):
            self._ask(lambda client: client.drop_collection(copy, timeout=QUICK))
        self._create(copy, collection, index)
        for part in _parts(collection.count, self.rows):
            ids = np.arange(part.start, part.stop)
            self._insert(copy, collection, ids, self.read(collection, ids))
        self._finish(copy)

    def search(
        self, collection: Collection, index: ApproximateIndex, queries: np.ndarray, depth: int
    ) -> tuple[np.ndarray, np.ndarray]:
        must_have_kind(type(self), collection, index)
        return self._search(_copy(collection.name, index.kind), collection, queries, depth, dict(index.search))

    def round_trip(self) -> None:
        self._version = str(self._ask(lambda client: client.get_server_version(timeout=QUICK)))

    def close(self) -> None:
        self._connection.close()

    def _create(self, name: str, collection: Collection, index: ApproximateIndex) -> None:
        """An empty collection with its index, loaded, so that its rows can be counted from the first on."""
        types = self._pymilvus.DataType
        schema = self._pymilvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", types.INT64, is_primary=True)
        field = types.BINARY_VECTOR if collection.kind == "codes" else types.FLOAT_VECTOR
        schema.add_field("v", field, dim=collection.width)
        params = self._pymilvus.MilvusClient.prepare_index_params()
        metric = "HAMMING" if collection.kind == "codes" else "IP"
        params.add_index("v", index_type=index.kind, metric_type=metric, params=dict(index.build))
        self._ask(
            lambda client: client.create_collection(
                name, schema=schema, index_params=params, num_shards=1, consistency_level="Strong", timeout=_FLUSHING
            )
        )

    def _insert(self, name: str, collection: Collection, ids: np.ndarray, rows: np.ndarray) -> None:
        binary = collection.kind == "codes"
        for part in _parts(len(ids), max(1, _BYTES // (rows[:1].nbytes + 8))):
            data = [
                {"id": row, "v": vector.tobytes() if binary else vector}
                for row, vector in zip(ids[part].tolist(), rows[part], strict=True)
            ]
            self._ask(methodcaller("insert", name, data, retry_times=0), patient=False)

    def _finish(self, name: str) -> None:
        """Write what was inserted, wait for its index, and have the searching parts take it over."""
        seen = time.monotonic() + _STALE
        self._ask(lambda client: client.flush(name, timeout=_FLUSHING))
        (field,) = self._ask(lambda client: client.list_indexes(name, timeout=QUICK))
        until, waiting = time.monotonic() + _LIMIT, -1
        while True:
            state = self._ask(lambda client: client.describe_index(name, field, timeout=QUICK))
            if state.get("state") == "Failed":
                raise EngineError(f"{self.name} could not index '{name}': see the server's log, then load it again")
            pending = int(state.get("pending_index_rows", 0))
            if state.get("state") == "Finished" and not pending:
                break
            if pending != waiting:
                until, waiting = time.monotonic() + _LIMIT, pending
            if time.monotonic() > until:
                # The wheel's server goes on like this for DISKANN, which needs a build with disk indexes.
                raise EngineError(
                    f"{self.name} made no progress with the index {state.get('index_type')} of '{name}' in "
                    f"{_LIMIT:.0f} s: see the server's log, or choose another kind of index"
                )
            time.sleep(0.2)
        self._load(name, refresh=True)
        time.sleep(max(0.0, seen - time.monotonic()))

    def _load(self, name: str, refresh: bool = False) -> None:
        """Have it loaded; `refresh` takes what has been indexed since."""
        until = time.monotonic() + _LIMIT
        if refresh:
            self._ask(lambda client: client.refresh_load(name, timeout=_FLUSHING))
        asked = False
        while (state := self._ask(lambda client: client.get_load_state(name, timeout=QUICK))["state"].name) != "Loaded":
            if state == "NotLoad" and not asked:
                self._ask(lambda client: client.load_collection(name, timeout=QUICK, _async=True))
                asked = True
            if time.monotonic() > until:
                raise EngineError(f"{self.name} had not loaded '{name}' after {_LIMIT:.0f} s: look at the server")
            time.sleep(0.1)

    def _count(self, name: str) -> int:
        return int(self._query(name, "", ["count(*)"])[0]["count(*)"])

    def _query(self, name: str, where: str, fields: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask(
            lambda client: client.query(
                name, filter=where, output_fields=fields, consistency_level="Strong", retry_times=0
            )
        )
        return found

    def _search(
        self, name: str, collection: Collection, queries: np.ndarray, depth: int, params: dict[str, int | str]
    ) -> tuple[np.ndarray, np.ndarray]:
        if not 1 <= depth <= _MOST:
            raise EngineError(f"depth {depth} of a search by {self.name}: expected 1 to {_MOST:,}")
        wanted = {"metric_type": "HAMMING" if collection.kind == "codes" else "IP", "params": params}
        ids = np.full((len(queries), depth), -1, np.int64)
        scores = np.full((len(queries), depth), np.inf if collection.kind == "codes" else -np.inf)
        for part in _parts(len(queries), max(1, _HITS // depth)):
            data = [query.tobytes() for query in queries[part]] if collection.kind == "codes" else list(queries[part])
            found = self._ask(
                methodcaller(
                    "search",
                    name,
                    data=data,
                    limit=depth,
                    anns_field="v",
                    search_params=wanted,
                    consistency_level="Bounded",
                    retry_times=0,
                )
            )
            for place, hits in zip(range(part.start, part.stop), found, strict=True):
                ids[place, : len(hits)], scores[place, : len(hits)] = hits.ids, hits.distances
        return ids, scores


def _parts(count: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` that cover `count`."""
    return (slice(first, min(first + size, count)) for first in range(0, count, size))


def _copy(name: str, kind: str) -> str:
    """The collection that holds an approximate index of another."""
    return f"{name}_{kind.lower()}"


def _row(value: Any) -> np.ndarray:
    """A row of a query's answer: a list of floats, or packed bytes in a list."""
    if isinstance(value, list) and value and isinstance(value[0], bytes):
        value = value[0]
    return np.frombuffer(value, np.uint8) if isinstance(value, bytes) else np.array(value, np.float32)


ENGINE = Milvus
