"""How fast search engines take rows and answer, and whether their settled answers are this project's own.

    python benchmarks/engines.py --engine milvus=localhost:19530 [--engine pgvector=ADDRESS] [--rows 10000] [--out FILE]

Loads the shipped embeddings and 64-bit codes of random planes under names of its own, asks for the 100 nearest of 1,
100 and 1,000 test images, settles 200 queries, and removes what it has loaded.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import Figures
from core.bundle.bundle import load_bundle
from core.hashing import packing
from core.search.door import PackedCodes, SearchBackend, Vectors, no_exclusion
from core.search.engines.backend import EngineBackend
from core.search.engines.collections import code_bytes, collection_of_codes, collection_of_vectors
from core.search.engines.engine import Collection, SearchEngine
from core.search.local import LOCAL
from core.search.registry import connect

K, BITS, SETTLED = 100, 64, 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", action="append", required=True)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    bundle = load_bundle()
    queries = bundle.embeddings("semantic", "test")
    gallery = np.concatenate([queries, bundle.embeddings("semantic", "train")])[: options.rows]
    planes = np.random.default_rng(7).standard_normal((queries.shape[1], BITS))
    words, asked = (packing.to_words(packing.pack(rows @ planes > 0)) for rows in (gallery, queries))
    vectors, codes = Vectors(gallery, label="benchmark"), PackedCodes(BITS, words, None, "benchmark planes")
    figures = Figures()
    for text in options.engine:
        engine = connect(text)
        measure(engine, collection_of_vectors(vectors), gallery, queries, figures)
        none = no_exclusion(SETTLED)
        found, right = (each.open_vectors(vectors).rank(queries[:SETTLED], none, K) for each in _both(engine))
        figures.add(f"{text}: vectors, settled rows that differ", int((found.ids != right.ids).any(axis=1).sum()), "")
        held = collection_of_codes(codes)
        measure(engine, held, code_bytes(words, held), code_bytes(asked, held), figures)
        found, right = (each.open_codes(codes).rank(asked[:, :SETTLED], none, K) for each in _both(engine))
        figures.add(f"{text}: codes, settled rows that differ", int((found.ids != right.ids).any(axis=1).sum()), "")
        for collection in (collection_of_vectors(vectors), held):
            engine.drop(collection.name)
        engine.close()
    figures.write(options.out)


def measure(
    engine: SearchEngine, collection: Collection, rows: np.ndarray, queries: np.ndarray, figures: Figures
) -> None:
    """Load a collection and ask for the nearest of 1, 100 and 1,000 queries."""
    label = f"{engine.name}: {collection.count:,} {collection.kind}"
    engine.drop(collection.name)
    engine.create(collection)
    started = perf_counter()
    for first in range(0, len(rows), engine.rows):
        ids = np.arange(first, min(first + engine.rows, len(rows)))
        engine.insert(collection, ids, rows[ids])
    figures.add(f"{label}, rows inserted a second", len(rows) / (perf_counter() - started), "")
    started = perf_counter()
    engine.finish(collection)
    figures.add(f"{label}, until they can be searched", perf_counter() - started, "s")
    for count, runs in ((1, 20), (100, 3), (1000, 1)):
        taken = [_ask(engine, collection, queries[:count]) for _ in range(runs)]
        figures.add(f"{label}, {count:,} queries", 1000 * median(taken), "ms")


def _ask(engine: SearchEngine, collection: Collection, queries: np.ndarray) -> float:
    started = perf_counter()
    for first in range(0, len(queries), engine.batch):
        engine.near(collection, queries[first : first + engine.batch], K)
    return perf_counter() - started


def _both(engine: SearchEngine) -> tuple[SearchBackend, SearchBackend]:
    return EngineBackend(engine), LOCAL


if __name__ == "__main__":
    main()
