"""The backends behind the door, by the name that a command and the sidebar take."""

from __future__ import annotations

from importlib import import_module

from core.errors import BadInput, unknown_name
from core.search.door import SearchBackend
from core.search.engines.backend import AbsentBackend, EngineBackend
from core.search.engines.engine import EngineError, SearchEngine

# The module of each; its BACKEND is the one that is used. It is imported when it is asked for, as engines are slow to.
BACKENDS = {
    "local": "core.search.local",
    "faiss": "core.search.faiss_backend",
}
# The module of each that runs outside this process; its ENGINE is connected to an address.
ENGINES = {
    "milvus": "core.search.engines.milvus",
    "pgvector": "core.search.engines.pgvector",
    "qdrant": "core.search.engines.qdrant",
}


def get_backend(text: str, fall_back: bool = False) -> SearchBackend:
    """The backend of a text such as `local` or `milvus=localhost:19530`; BadInput where there is none.

    `fall_back` as in `EngineBackend`, which the engines outside this process are opened by; an engine that cannot be
    reached is then searched in place of as well.
    """
    name, _ = parse_engine(text)
    if name in ENGINES:
        try:
            return EngineBackend(connect(text), fall_back)
        except EngineError as error:
            if not fall_back:
                raise
            return AbsentBackend(name, error)
    backend: SearchBackend = import_module(BACKENDS[name]).BACKEND
    return backend


def connect(text: str) -> SearchEngine:
    """A connection to an engine outside this process, of a text such as `milvus=localhost:19530`."""
    name, address = parse_engine(text)
    if name not in ENGINES:
        raise BadInput(f"search engine '{name}' holds no data of its own: expected one of {', '.join(ENGINES)}")
    engine: type[SearchEngine] = import_module(ENGINES[name]).ENGINE
    return engine.connect(address)


def parse_engine(text: str) -> tuple[str, str]:
    """Name and address of `NAME` or `NAME=ADDRESS`; BadInput for an unknown name, and for an address where none is
    taken or the lack of one."""
    name, _, address = text.partition("=")
    if name not in (*BACKENDS, *ENGINES):
        raise unknown_name("search engine", name, (*BACKENDS, *ENGINES))
    if name in ENGINES and not address:
        raise BadInput(f"search engine '{name}' needs an address: write {name}=ADDRESS")
    if name in BACKENDS and "=" in text:
        raise BadInput(f"search engine '{text}': '{name}' runs in this process and takes no address")
    return name, address
