"""A Qdrant server, 1.10 or later, by the package qdrant-client."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from core.search.engines.clients import (
    PATIENCE,
    client_package,
    host_and_port,
    lost,
    must_accept,
    one_line,
    version_numbers,
    without_password,
)
from core.search.engines.engine import Collection, EngineError
from core.search.engines.qdrant import Store

T = TypeVar("T")

_OLDEST = (1, 10)  # the first with queries in batches
_PAGE = 10_000  # ids of a request
_UPSERT = 500  # points of one: a server takes 32 MiB
_TIMEOUT = 120  # seconds a request may take
_LIMIT = 1800.0  # seconds an index may take


class Server(Store):
    """A connection to a server; the client makes it again by itself."""

    def __init__(self, address: str) -> None:
        self.address = without_password(address)
        self._package = client_package("qdrant", "qdrant_client", "qdrant-client")
        self._models = self._package.models
        self._http = client_package("qdrant", "qdrant_client.http.exceptions", "qdrant-client")
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each request
        self._client = self._connected(address)

    def held(self, name: str) -> Collection | None:
        if not self._ask(lambda: self._client.collection_exists(name)):
            return None
        vectors = self._ask(lambda: self._client.get_collection(name)).config.params.vectors
        for kind in ("vectors", "codes"):
            if isinstance(vectors, dict) and kind in vectors:
                count = self._ask(lambda: self._client.count(name, exact=True)).count
                return Collection(name, "codes" if kind == "codes" else "vectors", vectors[kind].size, count)
        raise EngineError(f"collection '{name}' of qdrant was not made by this project: choose another server")

    def create(self, collection: Collection) -> None:
        models = self._models
        vectors = models.VectorParams(size=collection.width, distance=models.Distance.DOT)
        none = models.HnswConfigDiff(m=0)  # all of `near` is exact, so no graph is needed
        self._ask(lambda: self._client.create_collection(collection.name, {collection.kind: vectors}, hnsw_config=none))

    def present(self, name: str, first: int, stop: int) -> list[int]:
        found: list[int] = []
        while first < stop:
            records, following = self._ask(
                partial(
                    self._client.scroll,
                    name,
                    offset=first,
                    limit=min(_PAGE, stop - first),
                    with_payload=False,
                    with_vectors=False,
                )
            )
            found += [record.id for record in records if record.id < stop]
            first = stop if following is None else following
        return found

    def insert(self, collection: Collection, ids: list[int], rows: list[list[float]]) -> None:
        # A point that is there already is written once more, so a request that was cut off can be repeated.
        for first in range(0, len(ids), _UPSERT):
            points = [
                self._models.PointStruct(id=row, vector={collection.kind: vector})
                for row, vector in zip(ids[first : first + _UPSERT], rows[first : first + _UPSERT], strict=True)
            ]
            self._ask(partial(self._client.upsert, collection.name, points, wait=True))

    def finish(self, name: str) -> None:
        until = time.monotonic() + _LIMIT
        while str(self._ask(lambda: self._client.get_collection(name)).status) not in (
            "green",
            "CollectionStatus.GREEN",
        ):
            if time.monotonic() > until:
                raise EngineError(f"qdrant had not finished '{name}' after {_LIMIT:.0f} s: look at the server")
            time.sleep(0.2)

    def read(self, collection: Collection, ids: list[int]) -> dict[int, list[float]]:
        found = self._ask(lambda: self._client.retrieve(collection.name, ids, with_payload=False, with_vectors=True))
        return {record.id: record.vector[collection.kind] for record in found}

    def drop(self, name: str) -> None:
        if self._ask(lambda: self._client.collection_exists(name)):
            self._ask(lambda: self._client.delete_collection(name))

    def quantise(self, collection: Collection, build: dict[str, int]) -> None:
        models = self._models
        binary = models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))
        graph = models.HnswConfigDiff(m=build["m"], ef_construct=build["ef_construct"])
        self._ask(
            lambda: self._client.update_collection(
                collection.name,
                hnsw_config=graph,
                quantization_config=binary,
                optimizers_config=models.OptimizersConfigDiff(indexing_threshold=1),
            )
        )
        time.sleep(1.0)  # the state is still green before the server has begun
        self.finish(collection.name)

    def query(
        self, collection: Collection, queries: list[list[float]], depth: int, quantised: dict[str, int] | None
    ) -> list[list[tuple[int, float]]]:
        models = self._models
        if quantised is None:
            params = models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))
        else:
            options = models.QuantizationSearchParams(
                rescore=bool(quantised["rescore"]), oversampling=float(quantised["oversampling"])
            )
            params = models.SearchParams(hnsw_ef=quantised["ef"], quantization=options)
        asked = [
            models.QueryRequest(query=query, using=collection.kind, limit=depth, params=params) for query in queries
        ]
        found = self._ask(lambda: self._client.query_batch_points(collection.name, asked))
        return [[(point.id, point.score) for point in answer.points] for answer in found]

    def ping(self) -> None:
        self._ask(lambda: self._client.info())

    def close(self) -> None:
        self._client.close()

    def _connected(self, address: str) -> Any:
        """A client of the server, which has been seen to be Qdrant and of a version that will do."""
        host, port, url = _parts(address)
        must_accept("qdrant", host, port)
        hasty = self._package.QdrantClient(url=url, port=port, timeout=int(PATIENCE), check_compatibility=False)
        try:
            self.version = str(hasty.info().version)
        except Exception as error:  # whatever else may listen there
            raise EngineError(
                f"what answers at '{self.address}' is no Qdrant ({one_line(error)}): check the address"
            ) from error
        finally:
            hasty.close()
        if version_numbers(self.version) < _OLDEST:
            raise EngineError(
                f"Qdrant at '{self.address}' has version {self.version}: expected "
                f"{'.'.join(map(str, _OLDEST))} or later"
            )
        return self._package.QdrantClient(url=url, port=port, timeout=_TIMEOUT, check_compatibility=False)

    def _ask(self, request: Callable[[], T]) -> T:
        try:
            return request()
        except self._http.ResponseHandlingException as error:
            raise lost("qdrant", self.address, error) from error
        except (self._http.ApiException, ValueError, RuntimeError) as error:
            raise EngineError(f"qdrant at '{self.address}' refused a request: {one_line(error)}") from error


def _parts(address: str) -> tuple[str, int, str]:
    """Host, port and URL of `host:port` or a URL."""
    if "://" not in address:
        host, port = host_and_port("qdrant", address)
        return host, port, f"http://{host}:{port}"
    split = urlsplit(address)
    try:
        port = split.port or (443 if split.scheme == "https" else 6333)
    except ValueError:
        port = 0
    if not split.hostname or not port:
        raise EngineError(
            f"address '{without_password(address)}' of search engine 'qdrant': expected host:port or a URL"
        )
    return split.hostname, port, address


STORE = Server
