"""Ranges and exact arithmetic of a setting."""

from __future__ import annotations

from fractions import Fraction

import pytest

from core.errors import BadInput
from core.settings import (
    Setting,
    check_k,
    curve_ks,
    format_multiplier,
    parse_ks,
    parse_multiplier,
    shortlist_size,
)


def setting(**changes):
    values = {"encoder": "e", "hash": "itq", "bits": 48, "multiplier": "2", "protocol": "p", "hierarchy": "h"}
    return Setting(**{**values, **changes})


def test_shortlist_is_the_exact_ceiling():
    assert setting(multiplier="1.1").shortlist(50, 1000) == 55  # 1.1 * 50 in floats is 55.00000000000001
    assert setting(multiplier="1.1").shortlist(51, 1000) == 57
    assert setting(multiplier="1.25").shortlist(5, 1000) == 7
    assert setting(multiplier="1").shortlist(7, 1000) == 7
    assert setting(multiplier="20").shortlist(100, 300) == 300
    assert setting(multiplier="all").shortlist(1, 300) == 300
    assert shortlist_size(None, 5, 9) == 9


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("1.1", Fraction(11, 10)), ("20.0", 20), (2.5, Fraction(5, 2))])
def test_multiplier_is_read_exactly(text, value):
    assert parse_multiplier(text) == value


@pytest.mark.parametrize("text", ["0.99", "20.01", "0", "-2", "nan", "inf", "x", "", "3/2", "1e1", "1_0", " 2"])
def test_multiplier_out_of_range_or_no_decimal_is_refused(text):
    with pytest.raises(BadInput, match="give a decimal"):
        parse_multiplier(text)


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2"), ("2.50", "2.5"), ("20", "20"), (1.25, "1.25"), ("all", "all"), ("1.10", "1.1")]
)
def test_multiplier_has_one_text(value, text):
    assert format_multiplier(value) == text
    assert parse_multiplier(text) == parse_multiplier(value)


def test_ks_are_sorted_without_repeats_and_all_is_last():
    assert parse_ks("all, 250,1,5,5") == [1, 5, 250, "all"]
    assert parse_ks("7") == [7]


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "1,,2", "x", "²", "9" * 5000])
def test_bad_ks_are_refused(text):
    with pytest.raises(BadInput, match="whole number from 1 up"):
        parse_ks(text)


def test_check_k_keeps_to_the_range_and_the_gallery():
    assert check_k(1, 10) == 1
    assert check_k(1000, 5000) == 1000
    with pytest.raises(BadInput, match="outside 1 to 1000"):
        check_k(1001, 5000)
    with pytest.raises(BadInput, match="above the gallery's 10 images"):
        check_k(11, 10)


def test_curve_holds_each_k_to_250_then_every_tenth():
    assert curve_ks(100, 10_000) == list(range(1, 251))
    assert curve_ks(7, 10_000) == curve_ks(250, 10_000)
    deep = curve_ks(600, 10_000)
    assert deep == curve_ks(300, 10_000)
    assert deep[:250] == list(range(1, 251))
    assert deep[250:] == list(range(260, 1001, 10))
    assert 333 in curve_ks(333, 10_000)
    assert curve_ks(250, 59) == list(range(1, 60))


def test_setting_refuses_bad_values():
    for changes in ({"multiplier": "0.5"}, {"queries": 0}, {"seed": -1}):
        with pytest.raises(BadInput):
            setting(**changes)


def test_near_duplicates_are_kept_or_left_out():
    assert setting().near_duplicates == "keep"
    assert setting(near_duplicates="leave-out") != setting()
    with pytest.raises(BadInput, match=r"unknown choice of near-duplicates 'leave_out'.*did you mean 'leave-out'"):
        setting(near_duplicates="leave_out")
