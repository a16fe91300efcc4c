"""Inner products of rounded vectors: exact, so the same bits in whatever order and by whatever means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bundle.vectors import plain_rows, unit_rows
from core.search.products import gathered_products
from tests import reference
from tests.core.search.worlds import on_grain, quick, worlds

DIMENSIONS = [1, 2, 3, 7, 8, 9, 16, 31, 33, 100, 384, 768, 1000, 2049, 4096]


def products(query, gallery, ids=None):
    ids = np.arange(len(gallery), dtype=np.int32) if ids is None else ids
    out = np.full(len(ids), np.nan)
    gathered_products(query, gallery, ids, out)
    return out


def unit(seed, count, dimensions):
    rng = np.random.default_rng(seed)
    # Float16 as stored, a few numbers much larger than the rest
    rows = rng.normal(size=(count, dimensions)) * 10.0 ** rng.integers(-3, 2, (count, dimensions))
    return unit_rows([rows.astype(np.float16)], rows.shape, "rows")


def test_by_hand():
    gallery = np.array([[1, 2], [0.5, -1], [0, 3]], np.float32)
    found = products(np.array([2, 1], np.float32), gallery, np.array([2, 0, 2, 1], np.int32))
    assert found.tolist() == [3, 4, 3, 0]
    assert products(np.ones(2, np.float32), gallery, np.empty(0, np.int32)).tolist() == []


@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_permuted_dimensions_give_the_same_bits(dimensions):
    rows = unit(dimensions, 60, dimensions)
    expected = products(rows[0], rows)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(dimensions)
        assert np.array_equal(products(rows[0, order], np.ascontiguousarray(rows[:, order])), expected)


@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_blas_einsum_a_loop_and_whole_numbers_agree_to_the_bit(dimensions):
    rows = unit(dimensions, 40, dimensions)
    found = np.array([products(query, rows) for query in rows[:8]])
    wide = rows.astype(np.float64)
    steps = np.ldexp(wide, 26).astype(np.int64)  # of unit rows a grain is 2^-26
    assert np.array_equal(np.ldexp(steps.astype(np.float64), -26), wide)
    assert np.array_equal(found, wide[:8] @ wide.T)
    assert np.array_equal(found, np.einsum("qd,nd->qn", wide[:8], wide))
    assert np.array_equal(found, np.ldexp((steps[:8] @ steps.T).astype(np.float64), -52))
    assert found[0].tolist() == [reference.inner_product(rows[0], row) for row in rows]


@pytest.mark.parametrize("dimensions", [1, 5, 64, 1000])
def test_vectors_of_any_mixture_of_lengths(dimensions):
    rng = np.random.default_rng(dimensions)
    rows = rng.normal(size=(50, dimensions)) * 2.0 ** rng.integers(-90, 50, (50, 1))
    rows = plain_rows([rows.astype(np.float32)], rows.shape, "rows")
    wide = rows.astype(np.float64)
    for query in rows[:6]:
        found = products(query, rows)
        assert np.array_equal(found, wide @ query.astype(np.float64))
        assert found.tolist() == [reference.inner_product(query, row) for row in rows]
        order = rng.permutation(dimensions)
        assert np.array_equal(products(query[order], np.ascontiguousarray(rows[:, order])), found)


@quick
@given(worlds(), st.integers(0, 99))
def test_neither_the_layout_of_the_gallery_nor_repeated_items_change_a_bit(world, seed):
    ids = np.random.default_rng(seed).integers(0, len(world.gallery), 30).astype(np.int32)
    wide = np.repeat(world.gallery, 2, axis=0)[::2]  # rows stand apart
    turned = np.asfortranarray(world.gallery)  # numbers of a row stand apart
    for query in world.queries[:3]:
        expected = [reference.inner_product(query, world.gallery[n]) for n in ids]
        for gallery in (world.gallery, wide, turned):
            assert products(query, gallery, ids).tolist() == expected


@pytest.mark.parametrize("length", [2.0**-90, 1.0, 2.0**59])
def test_rows_as_long_as_they_may_be_along_the_query(length):
    """The largest sum that there can be: all products of one sign, of rows that reach their bound."""
    rows = on_grain(np.full((2, 4096), length / 64))
    assert products(rows[0], rows).tolist() == [length**2] * 2
