"""The ranking that float32 products begin and float64 products settle, against the scan in float64 alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search import exact_ids as module
from core.search.exact import rank_exact, to_columns
from core.search.exact_ids import exact_ids
from core.search.rounding import longest_row, rounding_bounds
from tests.core.search.worlds import quick, worlds


def plain(queries, gallery, depth, exclude=None):
    return rank_exact(queries, to_columns(gallery), depth, exclude, 1)[0]


@quick
@given(worlds(), st.integers(1, 3))
def test_equals_the_scan_bit_for_bit(world, threads):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SHARE", 1)  # small worlds, and depths to the whole gallery
        for depth in {1, (world.size + 1) // 2, world.size}:
            found = exact_ids(world.queries, world.gallery, depth, world.exclude, threads)
            assert np.array_equal(found, plain(world.queries, world.gallery, depth, world.exclude))


@pytest.mark.parametrize("spread", [0.0, 1e-8, 1e-7, 1e-5, 1.0])
@pytest.mark.parametrize("count, depth", [(1999, 20), (4100, 1000), (300, 75)])
def test_galleries_that_float32_can_hardly_tell_apart(spread, count, depth):
    """Noise from nothing (all one vector) over what float32 loses to what it tells apart, about a few centres."""
    rng = np.random.default_rng(count)
    centres = rng.normal(size=(4, 33))
    gallery = (centres[rng.integers(0, 4, count)] + spread * rng.normal(size=(count, 33))).astype(np.float32)
    own = np.array([5, -1, 0, count - 1, -1])
    queries = np.concatenate([gallery[[5, 9, 0, count - 1]], -gallery[:1]])
    expected = plain(queries, gallery, depth, own)
    for threads in (1, 2):
        assert np.array_equal(exact_ids(queries, gallery, depth, own, threads), expected)


@pytest.mark.parametrize("queries", [1, 65, 200])
def test_blocks_of_queries_change_nothing(queries, monkeypatch):
    rng = np.random.default_rng(queries)
    gallery = rng.normal(size=(600, 16)).astype(np.float32)
    asked = rng.normal(size=(queries, 16)).astype(np.float32)
    expected = plain(asked, gallery, 90)
    for scores in (600, 600 * 70, 4_000_000):
        monkeypatch.setattr(module, "_SCORES", scores)
        assert np.array_equal(exact_ids(asked, gallery, 90), expected)


def test_vectors_too_long_for_float32_products():
    gallery = np.array([[1e25, 1], [1e25, 2], [0, 1], [-1e25, 0]], np.float32)
    assert exact_ids(gallery[:1], gallery, 1).tolist() == [[0]]
    assert exact_ids(gallery[3:], gallery, 1).tolist() == [[3]]


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_no_float32_product_is_off_by_more_than_the_bound(seed, dimensions):
    rng = np.random.default_rng(seed)
    gallery = rng.normal(size=(20, dimensions)).astype(np.float32)
    query = rng.normal(size=(1, dimensions)).astype(np.float32)
    bound = rounding_bounds(query, longest_row(gallery))[0]
    sequential = np.zeros(20, np.float32)
    for j in range(dimensions):
        sequential += query[0, j] * gallery[:, j]
    right = gallery.astype(np.float64) @ query[0].astype(np.float64)
    assert np.abs(sequential - right).max() <= bound
    assert np.abs((query @ gallery.T)[0] - right).max() <= bound
