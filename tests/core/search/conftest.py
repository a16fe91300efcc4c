from __future__ import annotations

import pytest

from core.runtime import parallel


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    """Blocks of three queries, so that a handful of queries is work for several threads."""
    before = parallel.run_blocks.__defaults__
    parallel.run_blocks.__defaults__ = (None, 3, None)
    yield
    parallel.run_blocks.__defaults__ = before
