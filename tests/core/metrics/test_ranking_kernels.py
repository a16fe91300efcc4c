from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.ranking_kernels import RUNNING, add_ranks, write_sums
from core.metrics.sums import SUMS
from tests.core.search.worlds import quick

# Ranks 1 to 3: similarities 1, 1/2 and 1 where the best are 1, 1 and 1/2; the first and the third are hits.
GAINS, HITS = np.array([1.0, 0.5, 1.0]), np.array([1.0, 0.0, 1.0])
INVERSE_IDEAL = 1 / np.array([[1.0, 2.0, 2.5], [1.0, 1.5, 1.5], [1.0, 1.5, 1.75]])
BY_RANK = np.array([[1.0, 0.5, 0.25], [1.0, 1 / 2, 1 / 3]])  # discounts that are easily added


def hand_totals():
    totals = np.zeros((4, RUNNING))
    add_ranks(np.arange(3, dtype=np.uint32), GAINS, HITS, INVERSE_IDEAL, BY_RANK, 0, 3, totals)
    return totals


def test_running_totals_by_hand():
    found, precision, gain, hp, dcg, dcg_hierarchical = hand_totals().T
    assert found.tolist() == [0, 1, 1, 2]
    assert precision == pytest.approx([0, 1, 1, 1 + 2 / 3], abs=1e-15)
    assert gain.tolist() == [0, 1, 1.5, 2.5]
    assert hp == pytest.approx([0, 1, 1.75, 2.75], abs=1e-15)
    assert dcg.tolist() == [0, 1, 1, 1.25]
    assert dcg_hierarchical.tolist() == [0, 1, 1.25, 1.5]


def test_sums_of_a_column_by_hand():
    out = np.full((len(SUMS), 2), np.nan)
    for column, k in enumerate((1, 3)):
        write_sums(hand_totals(), k, INVERSE_IDEAL, out, column)
    expected = {
        "hits": [1, 2],
        "ap_sum": [1, 5 / 3],
        "ap_per_hit": [1, 5 / 6],
        "hp": [1, 1],
        "ahp_sum": [1, 2.75],
        "hp_area": [0, (1 + 0.75) / 2 + (0.75 + 1) / 2],
        "ndcg": [1, 1.25 / 1.5],
        "ndcg_hierarchical": [1, 1.5 / 1.75],
    }
    for name, values in expected.items():
        assert out[SUMS.index(name)] == pytest.approx(values, abs=1e-15), name
    assert np.isnan(out[SUMS.index("shared")]).all()  # left to others


def test_without_a_hit_the_precision_per_hit_is_nothing():
    totals, out = np.zeros((2, RUNNING)), np.empty((len(SUMS), 1))
    add_ranks(np.zeros(1, np.uint32), np.array([0.5]), np.zeros(1), np.zeros((3, 1)), np.ones((2, 1)), 0, 1, totals)
    write_sums(totals, 1, np.zeros((3, 1)), out, 0)
    assert not out[: SUMS.index("shared")].any()


@quick
@given(st.integers(1, 70), st.integers(0, 2**32 - 1), st.data())
def test_totals_are_those_of_the_loops_wherever_adding_up_began(size, seed, data):
    rng = np.random.default_rng(seed)
    gains, hits = rng.random(size + 5), rng.integers(0, 2, size + 5).astype(np.float64)
    order = rng.permutation(size + 5)[:size].astype(np.uint32)
    inverse_ideal, by_rank = rng.random((3, size)), rng.random((2, size))
    whole, parts = np.zeros((size + 1, RUNNING)), np.zeros((size + 1, RUNNING))
    add_ranks(order, gains, hits, inverse_ideal, by_rank, 0, size, whole)
    cut, end = sorted(data.draw(st.integers(0, size)) for _ in range(2))
    add_ranks(order, gains, hits, inverse_ideal, by_rank, 0, end, parts)
    add_ranks(order, gains, hits, inverse_ideal, by_rank, cut, size, parts)
    assert np.array_equal(parts, whole)
    expected = np.zeros((size + 1, RUNNING))
    for rank, item in enumerate(order):
        gain, hit = gains[item], hits[item]
        found, total = expected[rank, 0] + hit, expected[rank, 2] + gain
        terms = [hit, hit * found * by_rank[1, rank], gain, total * inverse_ideal[0, rank]]
        expected[rank + 1] = expected[rank] + [*terms, hit * by_rank[0, rank], gain * by_rank[0, rank]]
    assert np.array_equal(whole, expected)
