"""Each engine that there is a server of: its own promises, and agreement with the local backend id for id."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.bundle.bundle import load_bundle
from core.hashing import packing
from core.search.door import PackedCodes, Vectors
from core.search.engines.backend import EngineBackend
from core.search.engines.collections import code_bytes, collection_of_codes, collection_of_vectors
from core.search.engines.engine import ApproximateIndex, Collection, EngineError
from core.search.local import LOCAL
from core.search.registry import connect
from tests.core.search.worlds import worlds

pytestmark = pytest.mark.slow

# Approximate indexes with small parameters, which miss items, and with large ones, which miss none or few.
INDEXES = {
    ("milvus", "vectors"): [
        ("IVF_FLAT", {"nlist": 64}, {"nprobe": 2}, {"nprobe": 64}),
        ("HNSW", {"M": 16, "efConstruction": 100}, {"ef": 100}, {"ef": 2000}),
    ],
    ("milvus", "codes"): [("BIN_IVF_FLAT", {"nlist": 64}, {"nprobe": 4}, {"nprobe": 64})],
    ("pgvector", "vectors"): [
        ("IVFFlat", {"lists": 64}, {"probes": 2}, {"probes": 64}),
        ("HNSW", {"m": 16, "ef_construction": 64}, {"ef_search": 100}, {"ef_search": 1000}),
    ],
    ("pgvector", "codes"): [
        ("IVFFlat", {"lists": 64}, {"probes": 4}, {"probes": 64}),
        ("HNSW", {"m": 16, "ef_construction": 64}, {"ef_search": 100}, {"ef_search": 1000}),
    ],
    ("qdrant", "vectors"): [("BINARY", {"m": 0}, {"oversampling": 3}, {"oversampling": 500})],
    ("qdrant", "codes"): [],
}


@pytest.fixture(scope="module", params=["milvus", "pgvector", "qdrant"])
def engine(request, tmp_path_factory):
    """A connection to each engine in turn."""
    if request.param == "qdrant":
        pytest.importorskip("qdrant_edge", reason="no 'qdrant-edge-py' here: pip install -r requirements-engines.txt")
        address = f"embedded:{tmp_path_factory.mktemp('qdrant')}"
    else:
        pytest.importorskip({"milvus": "pymilvus", "pgvector": "psycopg"}[request.param])
        address = request.getfixturevalue(
            {"milvus": "milvus_server", "pgvector": "postgres_server"}[request.param]
        ).address
    connected = connect(f"{request.param}={address}")
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def gallery():
    """The 10,000 test embeddings that are shipped, and their codes by 64 random planes."""
    rows = load_bundle(Path(__file__).parents[4] / "precomputed").embeddings("semantic", "test")
    planes = np.random.default_rng(7).normal(size=(rows.shape[1], 64))
    words = packing.to_words(packing.pack(rows.astype(np.float64) @ planes > 0))
    return Vectors(rows, label="semantic test"), PackedCodes(64, words, None, "semantic test planes 64")


@pytest.fixture(scope="module")
def loaded(engine, gallery):
    """The collections of both, loaded in batches."""
    made = {}
    for data, collection in zip(
        gallery, (collection_of_vectors(gallery[0]), collection_of_codes(gallery[1])), strict=True
    ):
        made[collection.kind] = collection
        load(engine, collection, data.rows if collection.kind == "vectors" else code_bytes(data.words, collection))
    return made


def load(engine, collection, rows):
    engine.drop(collection.name)
    engine.create(collection)
    for first in range(0, len(rows), engine.rows):
        ids = np.arange(first, min(first + engine.rows, len(rows)))
        engine.insert(collection, ids, rows[ids])
    engine.finish(collection)


@pytest.mark.parametrize("kind", ["vectors", "codes"])
def test_rows_come_back_as_they_were_and_a_load_can_be_resumed(engine, kind):
    random = np.random.default_rng(3)
    rows = (
        random.normal(size=(700, 24)).astype(np.float32)
        if kind == "vectors"
        else random.integers(0, 256, (700, 3), np.uint8)
    )
    collection = Collection(f"bh_resumed_{kind}", kind, 24, 700)
    engine.drop(collection.name)
    assert engine.held(collection.name) is None
    engine.create(collection)
    assert engine.held(collection.name) == Collection(collection.name, kind, 24, 0)
    assert len(engine.present(collection, 0, 700)) == 0
    there = np.r_[0:200, 450:600]
    engine.insert(collection, there, rows[there])
    assert np.array_equal(engine.present(collection, 0, 700), there)
    assert np.array_equal(engine.present(collection, 190, 460), np.r_[190:200, 450:460])
    missing = np.setdiff1d(np.arange(700), engine.present(collection, 0, 700))
    engine.insert(collection, missing, rows[missing])
    engine.finish(collection)
    assert engine.held(collection.name) == collection
    asked = np.array([699, 0, 333, 5])
    assert np.array_equal(engine.read(collection, asked), rows[asked])
    ids, scores = engine.near(collection, rows[:3], 800)
    assert ids.shape == scores.shape == (3, 800)
    assert (ids[:, 700:] == -1).all()
    assert np.array_equal(np.sort(ids[:, :700], axis=1), np.tile(np.arange(700), (3, 1)))
    engine.drop(collection.name)
    engine.drop(collection.name)
    assert engine.held(collection.name) is None


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(world=worlds(), data=st.data())
def test_any_data_full_of_ties_is_ranked_as_the_local_backend_ranks_it(engine, world, data):
    vectors = Vectors(world.gallery, label="a world")
    codes = PackedCodes(world.bits, world.words[1], world.cap, "a world's codes")
    of_vectors, of_codes = collection_of_vectors(vectors), collection_of_codes(codes)
    load(engine, of_vectors, vectors.rows)
    load(engine, of_codes, code_bytes(codes.words, of_codes))
    try:
        backend = EngineBackend(engine)
        depth = data.draw(st.integers(1, len(world.gallery) + 2))
        asked = (world.queries, world.exclude, depth)
        agree(backend.open_vectors(vectors).rank(*asked), LOCAL.open_vectors(vectors).rank(*asked))
        asked = (world.words[0], world.exclude, depth)
        agree(backend.open_codes(codes).rank(*asked), LOCAL.open_codes(codes).rank(*asked))
        assert backend.asked >= 2 * len(world.queries)
    finally:
        engine.drop(of_vectors.name)
        engine.drop(of_codes.name)


def agree(found, right):
    assert np.array_equal(found.ids, right.ids)
    assert np.array_equal(found.scores, right.scores, equal_nan=True)


@pytest.mark.parametrize("excluded", [False, True])
def test_the_shipped_embeddings_are_ranked_as_the_local_backend_ranks_them(engine, gallery, loaded, excluded):
    vectors, codes = gallery
    exclude = np.arange(200) if excluded else np.full(200, -1)
    backend = EngineBackend(engine)
    agree(
        backend.open_vectors(vectors).rank(vectors.rows[:200], exclude, 100),
        LOCAL.open_vectors(vectors).rank(vectors.rows[:200], exclude, 100),
    )
    agree(
        backend.open_codes(codes).rank(codes.words[:, :200], exclude, 100),
        LOCAL.open_codes(codes).rank(codes.words[:, :200], exclude, 100),
    )
    assert backend.asked >= 400
    assert not backend.notes


def test_depths_beyond_the_limit_are_ranked_here_and_that_is_said(engine, gallery, loaded, monkeypatch):
    vectors, _ = gallery
    monkeypatch.setattr(engine, "deepest", 150, raising=False)
    backend = EngineBackend(engine)
    none = np.full(20, -1)
    for depth in (100, 200):
        agree(
            backend.open_vectors(vectors).rank(vectors.rows[:20], none, depth),
            LOCAL.open_vectors(vectors).rank(vectors.rows[:20], none, depth),
        )
    assert any("returns at most 150 items" in note for note in backend.notes)


@pytest.mark.parametrize("kind", ["vectors", "codes"])
def test_approximate_indexes_find_most_and_with_large_parameters_nearly_all(engine, gallery, loaded, kind):
    collection = loaded[kind]
    queries = gallery[0].rows[:50] if kind == "vectors" else code_bytes(gallery[1].words[:, :50], collection)
    _, right = engine.near(collection, queries, 20)
    if not INDEXES[engine.name, kind]:
        with pytest.raises(EngineError, match="has no approximate index 'X'"):
            engine.build(collection, ApproximateIndex("X"))
    for name, build, small, large in INDEXES[engine.name, kind]:
        engine.build(collection, ApproximateIndex(name, build))
        recalls = []
        for search in (small, large):
            ids, scores = engine.search(collection, ApproximateIndex(name, build, search), queries, 20)
            recalls.append(recall(scores, right, kind))
            rows = engine.read(collection, np.unique(ids[ids >= 0]))
            assert len(rows) > 20
            assert all(len(set(row[row >= 0])) == np.sum(row >= 0) for row in ids)
        # Quantisation by sign tells these embeddings, nearly all of whose values are positive, hardly apart.
        assert (0 if name == "BINARY" else 0.4) < recalls[0] <= 1, (name, recalls)
        assert 0.95 < recalls[1] <= 1, (name, recalls)
    _, scores = engine.near(collection, queries, 20)
    assert np.allclose(scores, right, atol=1e-5)


def recall(scores, right, kind):
    """The part of the 20 returned that are as good as the 20th of exact search: ties are no loss."""
    worst = right[:, -1:]
    good = scores <= worst if kind == "codes" else scores >= worst - 1e-5
    return float(np.mean(good))


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
