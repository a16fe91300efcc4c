"""The registry of backends."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.search.door import SearchBackend, Vectors, no_exclusion
from core.search.engines.engine import EngineError
from core.search.local import LOCAL
from core.search.registry import BACKENDS, get_backend, parse_engine
from tests.core.search.engines.registered import TEXT, register


@pytest.mark.parametrize("name", BACKENDS)
def test_each_name_gives_the_backend_of_that_name(name):
    backend = get_backend(name)
    assert isinstance(backend, SearchBackend)
    assert backend.name == name


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(
        BadInput,
        match=r"^unknown search engine 'fais': expected one of faiss, local, milvus, .*; did you mean 'faiss'",
    ):
        get_backend("fais")


@pytest.mark.parametrize(
    ("text", "line"), [("milvus", "needs an address"), ("milvus=", "needs an address"), ("faiss=x", "takes no address")]
)
def test_an_address_goes_with_engines_outside_this_process_alone(text, line):
    with pytest.raises(BadInput, match=line):
        parse_engine(text)


def test_an_engine_that_is_down_is_refused_or_searched_in_place_of(monkeypatch):
    register(monkeypatch).down = True
    with pytest.raises(EngineError, match="does not answer"):
        get_backend(TEXT)
    backend = get_backend(TEXT, fall_back=True)
    vectors = Vectors(np.eye(4, dtype=np.float32), label="x")
    found = backend.open_vectors(vectors).rank(vectors.rows[:2], no_exclusion(2), 3)
    right = LOCAL.open_vectors(vectors).rank(vectors.rows[:2], no_exclusion(2), 3)
    assert np.array_equal(found.ids, right.ids)
    assert backend.notes == {"memory does not answer at 'nowhere': start it; searched in this process": True}
