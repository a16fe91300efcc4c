"""Qdrant inside this process: a folder of shards, one for each collection, by the package qdrant-edge-py."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from core.search.engines.clients import client_package, one_line
from core.search.engines.engine import Collection, EngineError
from core.search.engines.qdrant import Store

T = TypeVar("T")

_PAGE = 10_000  # ids of a request
_NEVER = 1 << 40  # kilobytes from which on an index is made by itself
# A shard can be open once, so all connections of this process share it.
_SHARDS: dict[Path, Any] = {}
_LOCK = threading.RLock()


class Embedded(Store):
    """Shards below a folder, each with a note of what its collection is."""

    def __init__(self, folder: str) -> None:
        self.address = folder
        self._edge = client_package("qdrant", "qdrant_edge", "qdrant-edge-py")
        self.version = f"edge {version('qdrant-edge-py')}"
        self._folder = Path(folder).expanduser().resolve()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineError(f"qdrant cannot use the folder '{folder}' ({one_line(error)}): choose another") from error

    def held(self, name: str) -> Collection | None:
        note = self._folder / name / "collection.json"
        if not note.is_file():
            return None
        said = json.loads(note.read_text(encoding="utf-8"))
        count = self._ask(lambda: self._shard(name).count(self._edge.CountRequest(exact=True)))
        return Collection(name, said["kind"], said["width"], count)

    def create(self, collection: Collection) -> None:
        self.drop(collection.name)  # one without a note, from a creation that was cut off
        folder = self._folder / collection.name
        (folder / "shard").mkdir(parents=True)
        with _LOCK:
            config = self._config(collection, {})
            shard = self._ask(lambda: self._edge.EdgeShard.create(str(folder / "shard"), config))
            _SHARDS[folder] = shard
        note = json.dumps({"kind": collection.kind, "width": collection.width})
        (folder / "collection.json").write_text(note, encoding="utf-8")

    def present(self, name: str, first: int, stop: int) -> list[int]:
        found: list[int] = []
        while first < stop:
            request = self._edge.ScrollRequest(
                offset=first, limit=min(_PAGE, stop - first), with_payload=False, with_vector=False
            )
            records, following = self._ask(partial(self._scroll, name, request))
            found += [record.id for record in records if record.id < stop]
            first = stop if following is None else following
        return found

    def insert(self, collection: Collection, ids: list[int], rows: list[list[float]]) -> None:
        points = [self._edge.Point(row, {collection.kind: vector}) for row, vector in zip(ids, rows, strict=True)]
        operation = self._edge.UpdateOperation.upsert_points(points)
        self._ask(lambda: self._shard(collection.name).update(operation))

    def finish(self, name: str) -> None:
        self._ask(lambda: self._shard(name).flush())

    def read(self, collection: Collection, ids: list[int]) -> dict[int, list[float]]:
        found = self._ask(lambda: self._shard(collection.name).retrieve(ids, False, True))
        return {record.id: record.vector[collection.kind] for record in found}

    def drop(self, name: str) -> None:
        folder = self._folder / name
        with _LOCK:
            self._close(folder)
            (folder / "collection.json").unlink(missing_ok=True)  # first: without it there is no collection
            shutil.rmtree(folder, ignore_errors=True)

    def quantise(self, collection: Collection, build: dict[str, int]) -> None:
        folder = self._folder / collection.name
        with _LOCK:
            self._close(folder)
            config = self._config(collection, build)
            _SHARDS[folder] = self._ask(lambda: self._edge.EdgeShard.load(str(folder / "shard"), config))
        self._ask(lambda: self._shard(collection.name).optimize())

    def query(
        self, collection: Collection, queries: list[list[float]], depth: int, quantised: dict[str, int] | None
    ) -> list[list[tuple[int, float]]]:
        edge = self._edge
        if quantised is None:
            params = edge.SearchParams(exact=True, quantization=edge.QuantizationSearchParams(ignore=True))
        else:
            options = edge.QuantizationSearchParams(
                rescore=bool(quantised["rescore"]), oversampling=float(quantised["oversampling"])
            )
            params = edge.SearchParams(hnsw_ef=quantised["ef"], quantization=options)
        asked = [
            edge.QueryRequest(limit=depth, query=edge.Query.Nearest(query, using=collection.kind), params=params)
            for query in queries
        ]
        found = self._ask(lambda: self._shard(collection.name).query_batch(edge.QueryBatchRequest(asked)))
        return [[(point.id, point.score) for point in points] for points in found]

    def ping(self) -> None:
        if not self._folder.is_dir():
            raise EngineError(f"qdrant's folder '{self.address}' is gone: bring it back, or load the data again")

    def close(self) -> None:
        with _LOCK:
            for folder in [folder for folder in _SHARDS if folder.parent == self._folder]:
                self._close(folder)

    def _config(self, collection: Collection, build: dict[str, int]) -> Any:
        """Vectors as they are, or quantised to bits with a graph over them, as `build` is empty or not."""
        edge = self._edge
        if not build:
            vectors = edge.EdgeVectorParams(size=collection.width, distance=edge.Distance.Dot)
            never = edge.EdgeOptimizersConfig(indexing_threshold=_NEVER)
            return edge.EdgeConfig(vectors={collection.kind: vectors}, optimizers=never)
        vectors = edge.EdgeVectorParams(
            size=collection.width,
            distance=edge.Distance.Dot,
            quantization_config=edge.BinaryQuantizationConfig(always_ram=True),
        )
        graph = edge.HnswIndexConfig(m=build["m"], ef_construct=build["ef_construct"], full_scan_threshold=10)
        now = edge.EdgeOptimizersConfig(indexing_threshold=1, default_segment_number=1)
        return edge.EdgeConfig(vectors={collection.kind: vectors}, hnsw_config=graph, optimizers=now)

    def _scroll(self, name: str, request: Any) -> Any:
        return self._shard(name).scroll(request)

    def _shard(self, name: str) -> Any:
        folder = self._folder / name
        with _LOCK:
            if folder not in _SHARDS:
                if not (folder / "collection.json").is_file():
                    raise EngineError(f"qdrant holds no collection '{name}' in '{self.address}': load it")
                _SHARDS[folder] = self._edge.EdgeShard.load(str(folder / "shard"))
            return _SHARDS[folder]

    def _close(self, folder: Path) -> None:
        if shard := _SHARDS.pop(folder, None):
            shard.close()

    def _ask(self, request: Callable[[], T]) -> T:
        try:
            return request()
        except EngineError:
            raise
        except Exception as error:  # the library has no type of its own
            if "WouldBlock" in str(error):
                raise EngineError(
                    f"qdrant's folder '{self.address}' is in use by another process: stop that one, or run a server"
                ) from error
            raise EngineError(f"qdrant in '{self.address}' failed: {one_line(error)}") from error


STORE = Embedded
