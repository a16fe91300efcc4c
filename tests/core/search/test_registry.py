"""The registry of backends."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.search.door import SearchBackend
from core.search.registry import BACKENDS, get_backend


@pytest.mark.parametrize("name", BACKENDS)
def test_each_name_gives_the_backend_of_that_name(name):
    backend = get_backend(name)
    assert isinstance(backend, SearchBackend)
    assert backend.name == name


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(
        BadInput,
        match=r"^unknown search engine 'fais': expected one of faiss, local, milvus, pgvector, qdrant; did you mean",
    ):
        get_backend("fais")
