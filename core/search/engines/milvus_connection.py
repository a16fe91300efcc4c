"""A connection to a Milvus server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from core.search.engines.clients import (
    PATIENCE,
    client_package,
    host_and_port,
    lost,
    must_accept,
    one_line,
    version_numbers,
)
from core.search.engines.engine import EngineError

T = TypeVar("T")

QUICK = 10.0  # of a request about what there is

_NAME = "milvus"
_OLDEST = (2, 3)
_CONNECT_FAILED = 2  # the client's own code of a connection that it could not make again
_SETTLING = 60.0  # seconds that a server may take until it answers again after its start or under load
# What a server says that is starting, or has lost sight of one of its parts for a while.
_PASSING = ("rootcoord", "querycoord", "datacoord", "no available", "not ready", "not loaded", "not fully loaded",
            "recovering", "not healthy", "unhealthy", "initializing", "stale")  # fmt: skip


class Connection:
    """A client at `host:port`, made by the first request and again by the first after it broke."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._pymilvus = client_package(_NAME, "pymilvus", "pymilvus")
        self._grpc = client_package(_NAME, "grpc", "pymilvus")
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs what it also raises
        self._lock = threading.Lock()
        self._client: Any = None

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def ask(self, request: Callable[[Any], T], patient: bool = True) -> T:
        """A request's answer. A server that is starting is given time, unless the request changes what is there."""
        until = time.monotonic() + _SETTLING
        while True:
            try:
                return request(self._connected())
            except (self._grpc.RpcError, ValueError) as error:  # the latter: another thread has closed the channel
                self.close()
                raise lost(_NAME, self._address, error) from error
            except self._pymilvus.MilvusException as error:
                text = one_line(error)
                if (
                    error.code == _CONNECT_FAILED
                    or isinstance(error.code, self._grpc.StatusCode)
                    or "StatusCode" in text
                ):
                    self.close()
                    raise lost(_NAME, self._address, error) from error
                if patient and time.monotonic() < until and any(word in text.lower() for word in _PASSING):
                    time.sleep(0.5)
                    continue
                raise EngineError(f"{_NAME} at '{self._address}' refused a request: {text}") from error

    def _connected(self) -> Any:
        """The client, whose connection is made where there is none."""
        with self._lock:
            if self._client is None:
                must_accept(_NAME, *host_and_port(_NAME, self._address))
                try:
                    client = self._pymilvus.MilvusClient(
                        uri=f"http://{self._address}", timeout=PATIENCE, dedicated=True
                    )
                    found = str(client.get_server_version(timeout=PATIENCE))
                except (self._pymilvus.MilvusException, self._grpc.RpcError) as error:
                    raise EngineError(
                        f"what answers at '{self._address}' is no Milvus that is ready ({one_line(error)}): "
                        "wait until it has started, or check the address"
                    ) from error
                if version_numbers(found) < _OLDEST:
                    client.close()
                    raise EngineError(
                        f"Milvus at '{self._address}' has version {found}: expected "
                        f"{'.'.join(map(str, _OLDEST))} or later"
                    )
                self._client = client
            return self._client
