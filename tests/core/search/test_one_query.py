from __future__ import annotations

from time import perf_counter_ns

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hashing.packing import pack, to_words
from core.search.clock import READABLE
from core.search.one_query import STAGES, search_one
from tests import reference
from tests.core.search.test_linear_code import by_loops
from tests.core.search.worlds import quick, worlds

pytestmark = pytest.mark.skipif(not READABLE, reason="another clock")


@quick
@given(worlds(), st.integers(0, 99), st.data())
def test_equals_the_loops(world, seed, data):
    rng = np.random.default_rng(seed)
    dimensions = world.gallery.shape[1]
    mean, projection = rng.normal(size=dimensions), rng.normal(size=(dimensions, world.bits))
    mean, projection = mean.astype(np.float32), projection.astype(np.float32)
    k = data.draw(st.integers(1, world.size))
    shortlist = data.draw(st.integers(k, world.size))
    codes = pack(((world.gallery - mean) @ projection) > rng.normal())
    cap = world.bits if world.cap is None else world.cap
    near, ids, ends = np.empty(shortlist, np.int32), np.empty(k, np.int32), np.zeros(len(STAGES), np.int64)
    for q, query in enumerate(world.queries):
        start = perf_counter_ns()
        search_one(
            world.queries, q, mean, projection, to_words(codes), cap, world.exclude, world.gallery, near, ids, ends
        )
        moments = [start, *ends.tolist(), perf_counter_ns()]
        assert moments == sorted(moments)
        code = by_loops(query, mean, projection)
        expected = reference.hamming_ranking(code, codes, int(world.exclude[q]), world.cap)[:shortlist]
        assert near.tolist() == expected
        best = sorted(expected, key=lambda n: (-reference.inner_product(query, world.gallery[n]), n))
        assert ids.tolist() == best[:k]
