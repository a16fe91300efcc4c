from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.compiled import kernel
from core.metrics.averaged_kernels import ROWS, _finish, _take
from core.metrics.bands import Averages, normal_band
from core.metrics.registry import METRICS
from core.metrics.sums import Accumulated, Kernels
from core.search.parallel import BLOCK, run_blocks

COMPUTED = [metric.compute for metric in METRICS.values() if metric.compute]


def sums_of(queries, columns, dtype, seed):
    """Sums as a ranking could give, some queries without relevant items."""
    rng = np.random.default_rng(seed)
    ks = np.sort(rng.choice(np.arange(1, 3 * columns + 1), columns, replace=False))
    relevant = rng.integers(0, 2 * columns, queries)
    shape = (queries, columns)
    hits, shared = (rng.integers(0, np.minimum(relevant[:, None], ks) + 1).astype(np.int32) for _ in range(2))
    return Accumulated(ks, relevant, hits, *(rng.random(shape).astype(dtype) for _ in range(6)), shared)


def test_normal_band():
    values = np.random.default_rng(5).random((40, 3))
    mean, low, high = normal_band(values)
    for k in range(3):
        theirs = stats.norm.interval(0.95, loc=values[:, k].mean(), scale=stats.sem(values[:, k]))
        assert (low[k], high[k]) == pytest.approx(theirs, abs=1e-12)
        assert mean[k] == pytest.approx(values[:, k].mean(), abs=1e-12)


def test_normal_band_by_hand_and_of_one_query():
    mean, low, high = normal_band(np.array([[1.0], [3.0]]))  # standard error 1
    assert (mean[0], low[0], high[0]) == pytest.approx((2, 2 - 1.95996398, 2 + 1.95996398), abs=1e-8)
    assert [array.tolist() for array in normal_band(np.array([[0.3, 0.4]]))] == [[0.3, 0.4]] * 3


@kernel
def _given(sums, room):
    """The sums of a block as they are, a few queries at a time."""
    for start in range(0, sums.hits.shape[0], ROWS):
        end = min(start + ROWS, sums.hits.shape[0])
        for q in range(end - start):
            for k in range(sums.ks.shape[0]):
                room.sums.hits[q, k], room.sums.shared[q, k] = sums.hits[start + q, k], sums.shared[start + q, k]
                room.sums.ap_sum[q, k], room.sums.hp[q, k] = sums.ap_sum[start + q, k], sums.hp[start + q, k]
                room.sums.hp_first[q, k] = sums.hp_first[start + q, k]
                room.sums.ahp_sum[q, k], room.sums.ndcg[q, k] = sums.ahp_sum[start + q, k], sums.ndcg[start + q, k]
                room.sums.ndcg_hierarchical[q, k] = sums.ndcg_hierarchical[start + q, k]
        _take(start, end, room)
    _finish(sums.hits.shape[0], room)


GIVEN = Kernels(None, _given)


def averaged(sums, metrics=COMPUTED, threads=1, apart=None, keep=None):
    """The averages of sums handed over a block at a time, in a first and a second part where they are cut `apart`."""
    queries = len(sums.relevant)
    averages = Averages.of(metrics, sums.ks, sums.relevant, keep)
    for rows in [slice(0, queries)] if apart is None else [slice(0, apart), slice(apart, queries)]:
        some, given = averages.pick(rows), sums.pick(rows)

        def work(block, some=some, given=given):
            some.fill(block, GIVEN, given.pick(block))

        run_blocks(work, rows.stop - rows.start, threads)
    return averages


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 700), st.integers(1, 7), st.integers(0, 2**31))
def test_averages_of_all_metrics_equal_plain_numpy(queries, columns, seed):
    sums = sums_of(queries, columns, np.float64, seed)
    for metric, (mean, low, high) in zip(COMPUTED, averaged(sums).bands(), strict=True):
        values = metric(sums).astype(np.float64)
        np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-13, atol=1e-15)
        half = 1.959963984540054 * values.std(axis=0, ddof=1) / np.sqrt(queries)
        np.testing.assert_allclose(low, mean - half, rtol=0, atol=1e-13)
        np.testing.assert_allclose(high, mean + half, rtol=0, atol=1e-13)


@pytest.mark.parametrize("queries", [1, 3, 127, 128, 129, 1500])
def test_no_bit_depends_on_the_threads_nor_on_the_metrics_beside_nor_on_the_parts(queries):
    sums = sums_of(queries, 9, np.float64, 0)
    one = np.array(averaged(sums).bands())
    assert np.array_equal(one, averaged(sums, threads=3).bands())
    for metric, together in zip(COMPUTED, one, strict=True):
        assert np.array_equal(averaged(sums, [metric]).bands(), [together])
    if queries > BLOCK:
        assert np.array_equal(one, averaged(sums, apart=BLOCK).bands())
    assert averaged(sums, []).bands() == []


def test_room_is_used_by_one_block_after_the_other():
    sums = sums_of(5 * BLOCK, 3, np.float64, 0)
    assert averaged(sums).spare.qsize() == 1
    assert 1 <= averaged(sums, threads=3).spare.qsize() <= 3


@pytest.mark.parametrize("queries", [1, 65, 300])
def test_the_sums_of_one_k_are_kept(queries):
    sums = sums_of(queries, 4, np.float64, 1)
    kept = averaged(sums, keep=int(sums.ks[2]), threads=2).kept
    for found, expected in zip(kept, sums.pick(columns=slice(2, 3)), strict=True):
        assert np.array_equal(found, expected)
    assert averaged(sums).kept is None


def test_a_small_spread_beside_a_large_mean_is_kept_and_equal_values_have_none():
    values = 1e3 + 1e-3 * np.random.default_rng(0).random((1000, 1))
    _, low, high = normal_band(values)
    assert (high - low) / 2 == pytest.approx(1.959963984540054 * values.std(axis=0, ddof=1) / 1000**0.5, rel=1e-6)
    assert [float(each[0]) for each in normal_band(np.full((1000, 1), 0.1))] == [0.1] * 3


def test_views_and_other_dtypes():
    values = np.arange(24).reshape(4, 6)
    assert np.array_equal(normal_band(values[:, ::2]), normal_band(np.array(values[:, ::2], np.float64)))
    assert np.isnan(normal_band(np.full((3, 2), np.nan))).all()
