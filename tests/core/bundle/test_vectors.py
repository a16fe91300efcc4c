from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bundle.vectors import BLOCK_ROWS, INNER_PRODUCT, check_rows, norms, plain_rows, round_to_grain, unit_rows
from core.errors import BadInput


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


def test_whole_numbers_stay_as_they_are_over_blocks_and_parts():
    rows = np.random.default_rng(0).integers(1, 400, (BLOCK_ROWS + 5, 3))
    result = plain_rows([rows[:7].astype(np.float16), rows[7:].astype(np.float64)], rows.shape, "rows")
    assert result.dtype == np.float32
    assert (result == rows).all()


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


def test_a_row_too_short_for_inner_products_is_named_and_has_a_cosine():
    rows = np.full((BLOCK_ROWS + 4, 1), 2.0**-100, np.float32)
    assert (plain_rows([rows], rows.shape, "gallery") == rows).all()
    rows[BLOCK_ROWS + 2] = np.nextafter(rows[0], 0)
    message = f"gallery: row {BLOCK_ROWS + 2} .* 7.89e-31 long, expected at least 7.89e-31: .* compare them by cosine"
    with pytest.raises(BadInput, match=message):
        plain_rows([rows], rows.shape, "gallery")
    with pytest.raises(BadInput, match=message):
        check_rows(rows, "gallery", INNER_PRODUCT)
    check_rows(rows, "gallery")
    assert (unit_rows([rows], rows.shape, "gallery") == 1).all()


def grain_of(length):
    """2^(m - 26), where 2^m is the smallest power of two that is not below the length."""
    power = Fraction(1)
    while power < length:
        power *= 2
    while power / 2 >= length:
        power /= 2
    return power / 2**26


def length_by_loop(row):
    total = 0.0
    for number in row:
        total += float(number) * float(number)
    return math.sqrt(total)


def check_rounded(result, rows, lengths):
    """Every component is a multiple of its row's grain and at most half of one away.

    Beyond a quarter of the power of two, 2^24 grains, float32 is coarser: the one nearest to the multiple is held.
    """
    assert result.dtype == np.float32
    for found, row, length in zip(result, rows, lengths, strict=True):
        grain = grain_of(Fraction(float(length)))
        for got, number in zip(found, row, strict=True):
            steps = Fraction(float(number)) / grain
            nearest = round(steps)  # half to even
            assert (Fraction(float(got)) / grain).denominator == 1
            assert got == np.float32(float(nearest * grain))
            coarser = Fraction(float(np.spacing(abs(got)))) / grain if abs(nearest) > 2**24 else 0
            assert abs(Fraction(float(got)) / grain - steps) <= (1 + coarser) / 2


def check_products(rows):
    """The inner product of any two rows in float64 is the sum of fractions."""
    wide = rows.astype(np.float64)
    found = wide @ wide.T
    for a, first in enumerate(wide.tolist()):
        for b, second in enumerate(wide[: a + 1].tolist()):
            exact = sum((Fraction(x) * Fraction(y) for x, y in zip(first, second, strict=True)), Fraction(0))
            assert Fraction(found[a, b]) == exact


@pytest.mark.parametrize("edge", [0, 2.0**-26, 2.0**-25, 1 / 8, 1 / 4, 1 / 2, 1 - 2.0**-24, 1])
def test_components_near_the_grain_and_where_float32_is_as_coarse(edge):
    offsets = np.array([0, 2.0**-60, 2.0**-29, 2.0**-28, 2.0**-27, 3 * 2.0**-28, 2.0**-26, 3 * 2.0**-27, 5 * 2.0**-27])
    rows = np.concatenate([edge - offsets, edge + offsets])[:, None]
    for sign in (1, -1):
        check_rounded(round_to_grain(sign * rows, np.ones(len(rows))), sign * rows, np.ones(len(rows)))


def test_half_way_components_are_rounded_to_even():
    halves = np.array([[0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5]])
    expected = [[0, 2, 2, 4, 0, -2, -2]]
    assert (round_to_grain(halves * 2.0**-26, np.ones(1)) * 2.0**26).tolist() == expected
    assert (round_to_grain(halves * 2.0**-116, np.array([2.0**-90])) * np.float64(2.0**116)).tolist() == expected
    row = np.concatenate([[[1500.0]], halves * 2.0**-15], axis=1).astype(np.float16)  # as long as 2^11 at most
    assert (plain_rows([row], row.shape, "rows")[:, 1:] * 2.0**15).tolist() == expected


@pytest.mark.parametrize(
    ("length", "bound"),
    [(1.0, 1.0), (np.nextafter(1.0, 2.0), 2.0), (np.nextafter(1.0, 0.0), 1.0), (0.5, 0.5), (3.0, 4.0)],
)
def test_the_grain_follows_the_smallest_power_of_two_that_is_not_below_the_length(length, bound):
    ninth = np.array([[length / 9]])
    assert grain_of(Fraction(float(length))) == Fraction(bound) / 2**26
    assert round_to_grain(ninth, np.array([length])) == np.rint(ninth / bound * 2.0**26) * bound * 2.0**-26


@pytest.mark.parametrize("exponent", [-90, -26, -1, 0, 1, 40, 59, 90])
def test_rows_of_any_length_and_their_products(exponent):
    rng = np.random.default_rng(exponent + 90)
    rows = rng.normal(size=(4, 30))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True) * 2.0**exponent).astype(np.float32)
    lengths = norms(rows.astype(np.float64))
    result = round_to_grain(rows.astype(np.float64), lengths)
    check_rounded(result, rows, lengths)
    check_products(result)
    if exponent <= 59:
        assert (plain_rows([rows], rows.shape, "rows") == result).all()


def test_rows_of_a_mixture_of_lengths_and_their_products():
    rng = np.random.default_rng(5)
    rows = (rng.normal(size=(12, 30)) * 2.0 ** np.linspace(-93, 88, 12)[:, None]).astype(np.float32)
    lengths = norms(rows.astype(np.float64))
    result = round_to_grain(rows.astype(np.float64), lengths)
    check_rounded(result, rows, lengths)
    check_products(result)
    for row, length, found in zip(rows, lengths, result, strict=True):  # the others change nothing for it
        assert (round_to_grain(row[None].astype(np.float64), length[None]) == found).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_of_any_width_are_rounded_once(dtype):
    rows = np.random.default_rng(1).normal(size=(20, 100)).astype(dtype)
    stored = rows.astype(np.float32).astype(np.float64)
    lengths = [length_by_loop(row) for row in stored]
    check_rounded(plain_rows([rows], rows.shape, "rows"), stored, lengths)
    check_rounded(unit_rows([rows], rows.shape, "rows"), stored / np.array(lengths)[:, None], np.ones(20))


@pytest.mark.parametrize("dimensions", [1, 7, 8, 9, 100, 1000, 4096])
def test_lengths_are_added_up_in_index_order_whatever_the_layout(dimensions):
    rows = np.random.default_rng(dimensions).normal(size=(12, dimensions)) * 10.0
    expected = [length_by_loop(row) for row in rows]
    apart = np.repeat(np.repeat(rows, 2, axis=0), 3, axis=1)[::2, ::3]
    turned = rows[:, ::-1].copy()[:, ::-1]
    for layout in (rows, np.asfortranarray(rows), apart, turned):
        assert norms(layout).tolist() == expected
    whole = unit_rows([rows], rows.shape, "rows")
    for layout in (np.asfortranarray(rows), apart, turned):
        assert (unit_rows([layout], rows.shape, "rows") == whole).all()
    assert norms(rows[3:4]).tolist() == expected[3:4]


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.integers(1, 4096), st.integers(1, 40)), st.sampled_from([np.float16, np.float32]),
    st.sampled_from([0.0, 3.0]), st.booleans(), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_every_row_is_on_its_grain_and_every_product_is_exact(dimensions, dtype, spread, unit, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(2, dimensions)) * np.exp(spread * rng.normal(size=(2, dimensions)))
    rows = np.clip(rows + np.where(rows < 0, -1e-3, 1e-3), -6e4, 6e4).astype(dtype)
    stored = rows.astype(np.float64)
    lengths = np.array([length_by_loop(row) for row in stored])
    if unit:
        stored, lengths = stored / lengths[:, None], np.ones(2)
    result = (unit_rows if unit else plain_rows)([rows], rows.shape, "rows")
    check_rounded(result, stored, lengths)
    check_products(result)
