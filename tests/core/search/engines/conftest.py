"""The servers of the engines that have a wheel, each started once, on loopback only; one that has none skips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.bundle.bundle import load_bundle
from core.hashing import packing
from core.search.door import PackedCodes, Vectors
from tests.core.search.engines.servers import MilvusServer, PostgresServer, Server


def _server(kind: type[Server]) -> Iterator[Server]:
    if reason := kind.missing():
        pytest.skip(reason)
    server = kind()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def milvus_server() -> Iterator[Server]:
    """A Milvus server of the wheel."""
    yield from _server(MilvusServer)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server with pgvector of the wheel."""
    yield from _server(PostgresServer)


@pytest.fixture(scope="session")
def gallery() -> tuple[Vectors, PackedCodes]:
    """The 10,000 test embeddings that are shipped, and their codes by 64 random planes."""
    rows = load_bundle(Path(__file__).parents[4] / "precomputed").embeddings("semantic", "test")
    planes = np.random.default_rng(7).normal(size=(rows.shape[1], 64))
    words = packing.to_words(packing.pack(rows.astype(np.float64) @ planes > 0))
    return Vectors(rows, label="semantic test"), PackedCodes(64, words, None, "semantic test planes 64")
