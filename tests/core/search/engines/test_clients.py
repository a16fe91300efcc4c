"""Clients that cannot be had and servers that are not there: a clear line, soon."""

from __future__ import annotations

import socket
import sys
import time

import numpy as np
import pytest

from core.search.engines.engine import Collection, EngineError
from core.search.registry import connect
from tests.core.search.engines.servers import free_port

MODULES = {"milvus": "pymilvus", "pgvector": "psycopg", "qdrant": "qdrant_client"}
PACKAGES = {"milvus": "pymilvus", "pgvector": r"psycopg\[binary\]", "qdrant": "qdrant-client"}


@pytest.mark.parametrize("name", MODULES)
def test_a_package_that_is_not_installed_is_named_with_the_command(name, monkeypatch):
    if name == "pgvector":
        pytest.importorskip("pgvector")  # which is looked for before the other one
    monkeypatch.setitem(sys.modules, MODULES[name], None)
    with pytest.raises(
        EngineError,
        match=f"search engine '{name}' needs the package '{PACKAGES[name]}': pip install -r requirements-engines.txt",
    ):
        connect(f"{name}=127.0.0.1:1")


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("silent", [False, True], ids=["nobody listens", "somebody listens and says nothing"])
def test_where_nothing_answers_a_line_says_so_within_seconds(name, silent):
    pytest.importorskip(MODULES[name])
    port = free_port()
    address = f"postgres@127.0.0.1:{port}/x" if name == "pgvector" else f"127.0.0.1:{port}"
    with socket.socket() as listener:
        if silent:
            listener.bind(("127.0.0.1", port))
            listener.listen(4)
        began = time.monotonic()
        with pytest.raises(EngineError, match=f"answer.*127.0.0.1:{port}") as error:
            connect(f"{name}={address}")
        assert time.monotonic() - began < (15 if silent else 6)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("address", ["somewhere", "host:port", ":19530", "host:99999999"])
def test_addresses_that_are_none_are_refused(name, address):
    pytest.importorskip(MODULES[name])
    if name == "pgvector":
        address = f"postgresql://{address}:x:y/z"
    with pytest.raises(EngineError, match=r"address '.*expected|does not answer"):
        connect(f"{name}={address}")


def test_passwords_are_not_shown():
    pytest.importorskip("psycopg")
    with pytest.raises(EngineError) as error:
        connect(f"pgvector=postgresql://me:secret@127.0.0.1:{free_port()}/x")
    assert "secret" not in str(error.value)
    assert "me:***@127.0.0.1" in str(error.value)


@pytest.mark.parametrize("kind", ["vectors", "codes"])
def test_the_client_of_a_qdrant_server_does_as_the_embedded_one(kind, tmp_path):
    """There is no server to be had, but its client has a store in memory with the same calls."""
    client = pytest.importorskip("qdrant_client")
    from core.search.engines.qdrant import Qdrant
    from core.search.engines.qdrant_server import Server

    class InMemory(Server):
        def _connected(self, address):
            self.version = "1.20.0"
            return client.QdrantClient(":memory:")

    random = np.random.default_rng(3)
    shape = (300, 16) if kind == "vectors" else (300, 2)
    rows = (
        random.normal(size=shape).astype(np.float32) if kind == "vectors" else random.integers(0, 256, shape, np.uint8)
    )
    collection = Collection("bh_x", kind, 16, 300)
    engine = Qdrant(InMemory("127.0.0.1:1"))
    assert engine.held("bh_x") is None
    engine.create(collection)
    engine.insert(collection, np.arange(100, 300), rows[100:])
    assert np.array_equal(engine.present(collection, 0, 200), np.arange(100, 200))
    engine.insert(collection, np.arange(100), rows[:100])
    engine.finish(collection)
    assert engine.held("bh_x") == collection
    assert np.array_equal(engine.read(collection, np.array([7, 3])), rows[[7, 3]])
    ids, scores = engine.near(collection, rows[:5], 10)
    if kind == "codes":
        right = np.bitwise_count(rows[:5, None] ^ rows[None]).sum(axis=2)
        assert np.array_equal(scores, np.sort(right, axis=1)[:, :10])
    else:
        right = rows[:5] @ rows.T
        assert np.allclose(scores, -np.sort(-right, axis=1)[:, :10], atol=1e-5)
    assert np.allclose(np.take_along_axis(right, ids, axis=1), scores, atol=1e-5)
    engine.drop("bh_x")
    assert engine.held("bh_x") is None
