from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compiled import kernel
from core.metrics.lanes import KEPT, LANES, NO_HIT, SUMS, add_ranks, insert, sum_ranks
from tests.core.search.worlds import quick


@kernel
def _insert(gains, hits, place, last, gain, hit, more):
    insert(gains, hits, place, last, gain, hit, more)


@kernel
def _add(gains, hits, before, discount, inverse, kept, start, k, out, column):
    add_ranks(gains, hits, before, discount, inverse, kept, start, k, out, column)


@kernel
def _sum(gains, hits, before, discount, inverse, depth, out):
    sum_ranks(gains, hits, before, discount, inverse, depth, out)


def _ranking(size, seed):
    """Gains, hits and three weights of a ranking as the kernels read them."""
    rng = np.random.default_rng(seed)
    relevant = rng.integers(0, 2, size) == 1
    gains, *weights = (np.concatenate([rng.random(size), np.full(2 * LANES, np.nan)]) for _ in range(4))
    for weight in weights:
        weight[size:] = 0
    found = np.cumsum(relevant).astype(float)
    hits = np.concatenate([np.where(relevant, found, found - NO_HIT), np.full(2 * LANES, np.nan)])
    return gains, hits, *weights


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
    read = gains, hits, before, discount, inverse = _ranking(size, seed)
    kept, out = np.zeros((size // LANES + 1) * KEPT), np.full((SUMS, 3), np.nan)
    k = data.draw(st.integers(1, size))
    earlier = data.draw(st.integers(0, k))
    _add(*read, kept, 0, earlier, out, 0)
    _add(*read, kept, earlier // LANES, k, out, 1)
    found, relevant = np.where(hits > 0, hits, 0)[:k], hits[:k] > 0
    expected = [
        gains[:k].sum(),
        (gains * before)[:k].sum(),
        (gains * discount)[:k].sum(),
        (found * inverse[:k]).sum(),
        discount[:k][relevant].sum(),
    ]
    assert out[:, 1] == pytest.approx(expected, rel=1e-13, abs=1e-13)
    again = np.empty((SUMS, 1))
    _add(*read, np.zeros_like(kept), 0, k, again, 0)
    assert np.array_equal(out[:, 1], again[:, 0])
    assert np.isnan(out[:, 2]).all()  # another column is left alone


@pytest.mark.parametrize("depth", range(1, 71))
def test_the_sums_at_every_k_are_to_the_bit_those_of_each_k_by_itself(depth):
    read = _ranking(depth, depth)
    at_once, alone = np.full((SUMS, depth + LANES), np.nan), np.empty((SUMS, depth))
    for k in range(1, depth + 1):
        _add(*read, np.zeros((depth // LANES + 1) * KEPT), 0, k, alone, k - 1)
    _sum(*read, depth, at_once)
    assert np.array_equal(at_once[:, :depth], alone)


def test_the_eight_running_sums_are_added_in_one_order():
    """Numbers that no other order adds up to the same: 1 is lost beside 1e16, and 1e16 - 1e16 is nothing."""
    lanes = np.array([1.0, 1e16, 3.0, 1e-3, 1.0, -1e16, 1e16, 7.0])
    weights = np.zeros(3 * LANES)
    totals = np.empty((SUMS, 2 * LANES))
    _sum(np.concatenate([lanes, weights]), np.full(4 * LANES, -NO_HIT), weights, weights, weights, LANES, totals)
    for k in range(1, LANES + 1):
        a, b, c, d, e, f, g, h = np.where(np.arange(LANES) < k, lanes, 0.0)
        assert totals[0, k - 1] == ((a + e) + (c + g)) + ((b + f) + (d + h)), k
