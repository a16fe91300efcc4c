from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.vectors import BLOCK_ROWS, check_rows, plain_rows, unit_rows


def test_rows_become_unit_vectors_in_float32():
    result = unit_rows([np.array([[3.0, 4.0]], np.float16), np.array([[0.0, -2.0]], np.float32)], (2, 2), "rows")
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, [[0.6, 0.8], [0.0, -1.0]], rtol=1e-6)


def test_blocks_and_parts_do_not_change_a_result():
    rows = np.random.default_rng(0).normal(size=(2 * BLOCK_ROWS + 5, 3)).astype(np.float32)
    whole = unit_rows([rows], rows.shape, "rows")
    split = unit_rows([rows[:7], rows[7:]], rows.shape, "rows")
    assert (whole == split).all()
    np.testing.assert_allclose(np.linalg.norm(whole.astype(np.float64), axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-38, 1e-20, 1e20, 1e38])
def test_extreme_lengths_neither_overflow_nor_vanish(scale):
    row = np.array([[0.6 * scale, 0.8 * scale]], dtype=np.float32)
    np.testing.assert_allclose(unit_rows([row], (1, 2), "rows"), [[0.6, 0.8]], rtol=1e-5)


@pytest.mark.parametrize(("value", "message"), [(np.nan, "NaN or infinity"), (-np.inf, "NaN or infinity"), (0, "zero")])
@pytest.mark.parametrize("row", [0, BLOCK_ROWS - 1, BLOCK_ROWS + 3])
def test_a_row_without_direction_is_named(value, message, row):
    rows = np.ones((BLOCK_ROWS + 4, 2), dtype=np.float32)
    rows[row, 1 if message != "zero" else slice(None)] = value
    with pytest.raises(BadInput, match=f"gallery: row {row} .*{message}"):
        check_rows(rows, "gallery")
    with pytest.raises(BadInput, match=f"gallery: row {row} .*{message}"):
        unit_rows([rows[:5], rows[5:]], rows.shape, "gallery")


def test_float64_beyond_float32_is_refused_without_a_warning(recwarn):
    with pytest.raises(BadInput, match=r"row 0 .*NaN or infinity"):
        check_rows(np.array([[1e300, 1.0]]), "rows")
    assert not recwarn.list


def test_plain_rows_stay_as_they_are_over_blocks_and_parts():
    rows = (100 * np.random.default_rng(0).normal(size=(BLOCK_ROWS + 5, 3))).astype(np.float16)
    result = plain_rows([rows[:7], rows[7:]], rows.shape, "rows")
    assert result.dtype == np.float32
    assert (result == rows).all()
    tiny = np.array([[1e-38, 0.0]], np.float32)
    assert (plain_rows([tiny], (1, 2), "rows") == tiny).all()


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "NaN or infinity"), (np.inf, "NaN or infinity"), (0, "zero"), (8e17, "1.13e[+]18 long")],
)
def test_a_row_that_cannot_be_compared_as_it_is_is_named(value, message):
    rows = np.ones((BLOCK_ROWS + 4, 2), dtype=np.float32)
    rows[BLOCK_ROWS + 1] = value
    with pytest.raises(BadInput, match=f"gallery: row {BLOCK_ROWS + 1} .*{message}"):
        plain_rows([rows[:5], rows[5:]], rows.shape, "gallery")
    with pytest.raises(BadInput, match=f"gallery: row {BLOCK_ROWS + 1} .*{message}"):
        check_rows(rows, "gallery", similarity="inner-product")
