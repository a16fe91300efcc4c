"""Usual parameters of each engine's approximate indexes: one build per kind, and two or three ways to search it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from core.search.engines.engine import ApproximateIndex, Kind, SearchEngine

Parameters = Mapping[str, int | str]
# Of the rows, the width of one and the depth of a search: what an index is built with, and what it is searched with.
Recipe = Callable[[int, int, int], tuple[Parameters, list[Parameters]]]


def _lists(rows: int) -> int:
    """How many cells a gallery is divided into: the power of two next to 4 sqrt(rows), as faiss advises."""
    return 2 ** round(math.log2(max(2.0, 4 * math.sqrt(rows))))


def _looked_at(rows: int) -> list[int]:
    """How many of the cells are searched."""
    return sorted({max(1, _lists(rows) // part) for part in (64, 16, 4)})


def _longer_than(depth: int) -> list[int]:
    """Lengths of a graph's list of candidates, which has to hold all that are asked for."""
    first = max(64, 2 ** math.ceil(math.log2(depth)))
    return [first, 2 * first, 4 * first]


def _graph(build: Parameters, name: str, most: int = 32_768) -> Recipe:
    def made(rows: int, width: int, depth: int) -> tuple[Parameters, list[Parameters]]:
        return build, [{name: length} for length in dict.fromkeys(min(most, each) for each in _longer_than(depth))]

    return made


def _cells(lists: str, looked_at: str, more: Callable[[int], Parameters] = lambda width: {}) -> Recipe:
    def made(rows: int, width: int, depth: int) -> tuple[Parameters, list[Parameters]]:
        return {lists: _lists(rows), **more(width)}, [{looked_at: count} for count in _looked_at(rows)]

    return made


def _scann(rows: int, width: int, depth: int) -> tuple[Parameters, list[Parameters]]:
    return {"nlist": _lists(rows)}, [{"nprobe": count, "reorder_k": 4 * depth} for count in _looked_at(rows)]


def _quantised(rows: int, width: int, depth: int) -> tuple[Parameters, list[Parameters]]:
    """By the quantised vectors alone, then with some of the nearest ranked again by the full ones."""
    ef = _longer_than(depth)[0]
    searches: list[Parameters] = [{"ef": ef, "oversampling": 1, "rescore": 0}]
    return {"m": 16, "ef_construct": 100}, searches + [{"ef": ef, "oversampling": n, "rescore": 1} for n in (2, 4)]


def _parts(width: int) -> Parameters:
    """Of product quantisation: as many parts of equal length as there are, of four dimensions or more."""
    return {"m": max(part for part in range(1, max(2, width // 4 + 1)) if width % part == 0), "nbits": 8}


RECIPES: dict[tuple[str, str], Recipe] = {
    ("milvus", "HNSW"): _graph({"M": 16, "efConstruction": 200}, "ef"),
    ("milvus", "DISKANN"): _graph({}, "search_list"),
    ("milvus", "SCANN"): _scann,
    ("milvus", "IVF_FLAT"): _cells("nlist", "nprobe"),
    ("milvus", "IVF_SQ8"): _cells("nlist", "nprobe"),
    ("milvus", "IVF_PQ"): _cells("nlist", "nprobe", _parts),
    ("milvus", "BIN_IVF_FLAT"): _cells("nlist", "nprobe"),
    ("pgvector", "HNSW"): _graph({"m": 16, "ef_construction": 200}, "ef_search", 1000),
    ("pgvector", "IVFFlat"): _cells("lists", "probes"),
    ("qdrant", "BINARY"): _quantised,
}


def presets(engine: SearchEngine, of: Kind, rows: int, width: int, depth: int) -> list[list[ApproximateIndex]]:
    """For each kind of index that the engine has: the same build, searched in each usual way.

    `rows` and `width` are the collection's, `depth` is what a search asks for. A kind without a recipe has the engine's
    own defaults.
    """
    found = []
    for kind in engine.kinds[of]:
        recipe = RECIPES.get((engine.name, kind))
        build, searches = recipe(rows, width, depth) if recipe else ({}, [{}])
        found.append([ApproximateIndex(kind, build, search) for search in searches])
    return found
