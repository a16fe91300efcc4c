from __future__ import annotations

import pytest

from core.errors import BadInput, unknown_name


def test_bad_input_is_a_value_error_with_its_line():
    with pytest.raises(ValueError, match=r"^k = 0: expected 1 or more$"):
        raise BadInput("k = 0: expected 1 or more")


def test_unknown_name_lists_the_known_names_in_order_and_the_nearest():
    error = unknown_name("hash", "pca_sign", ["pca-sign", "itq"])
    assert isinstance(error, BadInput)
    assert str(error) == "unknown hash 'pca_sign': expected one of itq, pca-sign; did you mean 'pca-sign'?"


def test_unknown_name_suggests_nothing_when_nothing_is_near():
    assert str(unknown_name("metric", "zzz", ["ap", "recall"])) == "unknown metric 'zzz': expected one of ap, recall"


def test_unknown_name_takes_a_value_that_is_no_string_and_a_registry():
    assert str(unknown_name("split", 3, {"test": 0, "train": 1})) == "unknown split '3': expected one of test, train"


def test_unknown_name_of_an_empty_registry():
    assert str(unknown_name("encoder", "a", [])) == "unknown encoder 'a': expected one of (none)"


def test_the_message_is_one_line():
    assert "\n" not in str(unknown_name("hash", "x", [f"name-{i}" for i in range(50)]))
