from __future__ import annotations

from dataclasses import replace

import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.settings import Setting
from core.timing.timed_grid import time_grid

BASE = Setting("semantic", "random-hyperplane", 16, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(tiny_bundle, 1)


def test_times_have_the_grid_s_shape(engine):
    times = time_grid(engine, replace(BASE, protocol="test-vs-train"), 5, [8, 72], ["1", "2", "all"], queries=4)
    assert times.milliseconds.shape == (2, 3)
    assert (times.milliseconds > 0).all()
    assert set(times.exact) == {"exact-blas", "exact-faiss", "exact-scan"}
    assert times.exact[times.fastest_exact] == min(times.exact.values())
    assert times.with_hash
    assert not time_grid(engine, replace(BASE, hash="latent-sigmoid"), 5, [16], ["1"], queries=2).with_hash
    with pytest.raises(BadInput, match="no length"):
        time_grid(engine, BASE, 5, [], ["1"])
