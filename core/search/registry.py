"""The backends behind the door, by the name that a command takes."""

from __future__ import annotations

from importlib import import_module

from core.errors import unknown_name
from core.search.door import SearchBackend

# The module of each; its BACKEND is the one that is used. It is imported when it is asked for, as engines are slow to.
BACKENDS = {
    "local": "core.search.local",
    "faiss": "core.search.faiss_backend",
}


def get_backend(name: str) -> SearchBackend:
    """The backend of this name; raises BadInput for an unknown one."""
    if name not in BACKENDS:
        raise unknown_name("search engine", name, BACKENDS)
    backend: SearchBackend = import_module(BACKENDS[name]).BACKEND
    return backend
