from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compiled import kernel
from core.metrics.lanes import KEPT, LANES, NO_HIT, SUMS, add_ranks, insert
from tests.core.search.worlds import quick


@kernel
def _insert(gains, hits, place, last, gain, hit, more):
    insert(gains, hits, place, last, gain, hit, more)


@kernel
def _add(gains, hits, before, discount, inverse, kept, start, k, out):
    add_ranks(gains, hits, before, discount, inverse, kept, start, k, out)


@quick
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_insertions_are_those_of_a_python_list(size, seed):
    rng = np.random.default_rng(seed)
    gains, hits = np.zeros(size + 2 * LANES), np.zeros(size + 2 * LANES)
    expected = []
    for count in range(size):
        place, gain, relevant = int(rng.integers(0, count + 1)), float(rng.random()), bool(rng.integers(0, 2))
        expected.insert(place, (gain, relevant))
        found = sum(hit for _, hit in expected[: place + 1]) - (0.0 if relevant else NO_HIT)
        _insert(gains, hits, place, count, gain, found, float(relevant))
    assert gains[:size].tolist() == [gain for gain, _ in expected]
    found = np.cumsum([hit for _, hit in expected])
    assert hits[:size].tolist() == [n if hit else n - NO_HIT for n, (_, hit) in zip(found, expected, strict=True)]


@quick
@given(st.integers(1, 70), st.integers(0, 2**32 - 1), st.data())
def test_sums_are_those_of_the_loops_wherever_adding_up_began(size, seed, data):
    rng = np.random.default_rng(seed)
    relevant = rng.integers(0, 2, size) == 1
    padded = [np.concatenate([rng.random(size), np.full(2 * LANES, np.nan)]) for _ in range(4)]
    gains, before, discount, inverse = padded
    for weights in (before, discount, inverse):
        weights[size:] = 0
    found = np.cumsum(relevant).astype(float)
    hits = np.concatenate([np.where(relevant, found, found - NO_HIT), np.full(2 * LANES, np.nan)])
    kept, out = np.zeros((size // LANES + 1) * KEPT), np.empty(SUMS)
    k = data.draw(st.integers(1, size))
    earlier = data.draw(st.integers(0, k))
    _add(*padded[:1], hits, before, discount, inverse, kept, 0, earlier, out)
    _add(*padded[:1], hits, before, discount, inverse, kept, earlier // LANES, k, out)
    top = slice(0, k)
    expected = [
        gains[top].sum(),
        (gains * before)[top].sum(),
        (gains * discount)[top].sum(),
        (found * inverse[:size])[top][relevant[top]].sum(),
        discount[:size][top][relevant[top]].sum(),
    ]
    assert out == pytest.approx(expected, rel=1e-13, abs=1e-13)
    again = np.empty(SUMS)
    _add(*padded[:1], hits, before, discount, inverse, np.zeros_like(kept), 0, k, again)
    assert np.array_equal(out, again)
