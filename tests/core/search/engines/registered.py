"""The engine in memory under a name of its own in the registry, with whatever is opened loaded into it or nothing."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from core.search import registry
from core.search.engines import backend
from core.search.engines.engine import EngineError
from tests.core.search.engines.memory_engine import MemoryEngine

TEXT = "memory=nowhere"


def register(monkeypatch: pytest.MonkeyPatch, load: bool = True) -> MemoryEngine:
    """The engine that `memory=nowhere` connects to; with `load` it holds whatever gallery is asked for."""
    engine = MemoryEngine()
    engine.connections = 0

    class Connected:
        @classmethod
        def connect(cls, address: str) -> MemoryEngine:
            engine.connections += 1
            if engine.down:
                raise EngineError(f"memory does not answer at '{address}': start it")
            return engine

    module = ModuleType("tests.memory_engine_module")
    module.ENGINE = Connected
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.ENGINES, "memory", module.__name__)
    if load:
        check = backend.check_held

        def load_first(engine, collection, rows):
            if engine.held(collection.name) is None:
                engine.create(collection)
                every = np.arange(collection.count)
                engine.insert(collection, every, rows[every])
            check(engine, collection, rows)

        monkeypatch.setattr(backend, "check_held", load_first)
    return engine
