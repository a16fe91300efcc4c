"""Each engine that there is a server of: its own promises, and agreement with the local backend id for id."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.search.door import PackedCodes, Vectors
from core.search.engines.backend import EngineBackend
from core.search.engines.collections import code_bytes, collection_of_codes, collection_of_vectors
from core.search.engines.engine import ApproximateIndex, Collection, EngineError
from core.search.local import LOCAL
from core.search.registry import connect
from tests.core.search.engines.loading import agree, load
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
def loaded(engine, gallery):
    """The collections of both, loaded in batches."""
    made = {}
    for data, collection in zip(
        gallery, (collection_of_vectors(gallery[0]), collection_of_codes(gallery[1])), strict=True
    ):
        made[collection.kind] = collection
        load(engine, collection, data.rows if collection.kind == "vectors" else code_bytes(data.words, collection))
    return made


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
