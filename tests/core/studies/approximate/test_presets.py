"""Presets: every kind of an engine has one build and its ways to search, deep enough for what is asked."""

from __future__ import annotations

import pytest

from core.studies.approximate.presets import RECIPES, presets
from core.studies.approximate.study import by_build
from tests.core.search.engines.memory_engine import MemoryEngine


def engine(name, vectors=(), codes=()):
    server = MemoryEngine()
    server.name, server.kinds = name, {"vectors": vectors, "codes": codes}
    return server


def test_a_graph_s_list_holds_what_is_asked_for():
    server = engine("milvus", ("HNSW", "DISKANN"))
    graph, disk = presets(server, "vectors", 10_000, 100, 101)
    assert [dict(index.search) for index in graph] == [{"ef": 128}, {"ef": 256}, {"ef": 512}]
    assert dict(graph[0].build) == {"M": 16, "efConstruction": 200}
    assert [dict(index.search) for index in disk] == [{"search_list": length} for length in (128, 256, 512)]
    short = presets(server, "vectors", 10_000, 100, 11)[0]
    assert dict(short[0].search) == {"ef": 64}
    capped = presets(engine("pgvector", ("HNSW",)), "vectors", 10_000, 100, 600)[0]
    assert [dict(index.search) for index in capped] == [{"ef_search": 1000}]


def test_cells_follow_the_gallery_s_size():
    server = engine("milvus", ("IVF_FLAT", "IVF_PQ"), ("BIN_IVF_FLAT",))
    flat, quantised = presets(server, "vectors", 10_000, 100, 101)
    assert dict(flat[0].build) == {"nlist": 512}  # next to 4 sqrt(10,000) = 400
    assert [dict(index.search) for index in flat] == [{"nprobe": 8}, {"nprobe": 32}, {"nprobe": 128}]
    assert dict(quantised[0].build) == {"nlist": 512, "m": 25, "nbits": 8}
    assert dict(presets(server, "codes", 60, 16, 11)[0][0].build) == {"nlist": 32}
    assert dict(presets(server, "vectors", 60, 7, 11)[1][0].build)["m"] == 1


@pytest.mark.parametrize("name", ["milvus", "pgvector", "qdrant"])
def test_every_kind_is_one_build(name):
    kinds = tuple(kind for engine_name, kind in RECIPES if engine_name == name)
    for group in presets(engine(name, kinds), "vectors", 50_000, 100, 101):
        assert 1 <= len(group) <= 3
        assert len(by_build(group)) == 1


def test_a_kind_that_is_not_known_here_has_the_engine_s_defaults():
    assert [
        [(i.kind, dict(i.build), dict(i.search)) for i in g] for g in presets(MemoryEngine(), "codes", 60, 16, 5)
    ] == [[("HALF", {}, {})]]
