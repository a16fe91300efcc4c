"""Servers that are killed, of an old version, or asked for what they cannot give: a clear line, and nothing lost."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from core.search.door import Vectors
from core.search.engines.backend import EngineBackend
from core.search.engines.collections import collection_of_vectors
from core.search.engines.engine import ApproximateIndex, Collection, EngineError
from core.search.local import LOCAL
from core.search.registry import connect
from tests.core.search.engines.loading import agree, load

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["milvus", "pgvector"])
def test_a_server_killed_in_a_search_is_an_error_and_works_again_after_its_return(name, request, gallery):
    server, engine, vectors = fresh(name, request, gallery)
    collection = collection_of_vectors(vectors)
    load(engine, collection, vectors.rows)
    before = engine.near(collection, vectors.rows[:5], 10)[0]
    killer = threading.Timer(0.5, server.kill)
    killer.start()
    began = time.monotonic()
    with pytest.raises(EngineError, match=f"{name}.*{server.port}") as error:
        while time.monotonic() < began + 60:
            engine.near(collection, vectors.rows[:1000], 100)
    killer.join()
    assert "\n" not in str(error.value)
    assert time.monotonic() - began < 30
    with pytest.raises(EngineError, match="does not answer"):
        engine.near(collection, vectors.rows[:5], 10)
    backend = EngineBackend(engine, fall_back=True)
    agree(
        backend.open_vectors(vectors).rank(vectors.rows[:5], np.full(5, -1), 10),
        LOCAL.open_vectors(vectors).rank(vectors.rows[:5], np.full(5, -1), 10),
    )
    assert backend.notes
    server.start()
    assert np.array_equal(engine.near(collection, vectors.rows[:5], 10)[0], before)
    assert engine.held(collection.name) == collection
    engine.drop(collection.name)
    engine.close()


@pytest.mark.parametrize("name", ["milvus", "pgvector"])
def test_a_server_killed_in_a_load_keeps_what_it_acknowledged_and_the_load_goes_on(name, request, gallery):
    server, engine, vectors = fresh(name, request, gallery)
    collection = collection_of_vectors(vectors)
    engine.drop(collection.name)
    engine.create(collection)
    acknowledged = []

    def go_on(size=500):
        there = engine.present(collection, 0, collection.count)
        missing = np.setdiff1d(np.arange(collection.count), there)
        for first in range(0, len(missing), size):
            ids = missing[first : first + size]
            engine.insert(collection, ids, vectors.rows[ids])
            acknowledged.append(ids)
            if len(acknowledged) == 7:
                killer.start()

    killer = threading.Timer(0.01, server.kill)
    with pytest.raises(EngineError):
        go_on()
    killer.join()
    server.start()
    there = engine.present(collection, 0, collection.count)
    assert set(np.concatenate(acknowledged).tolist()) <= set(there.tolist())
    assert len(there) % 500 == 0
    assert len(there) < collection.count
    go_on()
    engine.finish(collection)
    assert engine.held(collection.name) == collection
    assert np.array_equal(engine.present(collection, 0, collection.count), np.arange(collection.count))
    engine.drop(collection.name)
    engine.close()


def fresh(name, request, gallery):
    """The server, another connection to it, and 10,000 vectors of another name."""
    pytest.importorskip({"milvus": "pymilvus", "pgvector": "psycopg"}[name])
    server = request.getfixturevalue({"milvus": "milvus_server", "pgvector": "postgres_server"}[name])
    return server, connect(f"{name}={server.address}"), Vectors(gallery[0].rows, label=f"faults {name}")


def test_milvus_refuses_what_it_cannot_return(request, gallery):
    _, engine, vectors = fresh("milvus", request, gallery)
    with pytest.raises(EngineError, match=r"depth 16385 .* expected 1 to 16,384"):
        engine.near(collection_of_vectors(vectors), vectors.rows[:1], 16_385)
    engine.close()


@pytest.mark.parametrize(
    ("name", "module"),
    [("milvus", "milvus_connection"), ("pgvector", "pgvector_connections")],
    ids=["milvus", "pgvector"],
)
def test_a_server_of_an_old_version_is_refused_with_both_versions(name, module, request, gallery, monkeypatch):
    server, engine, _ = fresh(name, request, gallery)
    monkeypatch.setattr(f"core.search.engines.{module}._OLDEST", (99, 1))
    with pytest.raises(EngineError, match=f"127.0.0.1:{server.port}.* has version .*: expected 99.1 or later"):
        connect(f"{name}={server.address}")
    engine.close()


@pytest.mark.parametrize("name", ["milvus", "pgvector"])
def test_a_request_about_a_collection_that_is_not_there_is_refused_in_one_line(name, request, gallery):
    _, engine, vectors = fresh(name, request, gallery)
    with pytest.raises(EngineError, match="refused a request") as error:
        engine.near(Collection("bh_not_there", "vectors", 100, 5), vectors.rows[:1], 3)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300
    engine.close()


def test_options_of_an_index_never_become_sql(request, gallery):
    _, engine, vectors = fresh("pgvector", request, gallery)
    collection = collection_of_vectors(vectors)
    for options in ({"lists": "1); DROP TABLE x; --"}, {"x = 1, lists": 4}):
        with pytest.raises(EngineError, match="expected a whole number for one of lists"):
            engine.build(collection, ApproximateIndex("IVFFlat", options))
    engine.close()
