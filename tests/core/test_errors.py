from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest

from core.errors import BadInput, Message, unknown_name, worded


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


def test_a_refusal_carries_its_code_and_fields_beside_its_line():
    error = BadInput("split 'dev' for both: ", "name another one", "one-split-for-both", value="dev")
    assert str(error) == "split 'dev' for both: name another one"
    assert (error.code, error.fields) == ("one-split-for-both", {"value": "dev"})
    assert (BadInput("plain").code, BadInput("plain").fields) == ("", {})


def test_a_message_is_a_string_and_keeps_its_data_in_a_refusal():
    message = Message("sorted; ", "shuffle it", "gallery-sorted", classes=3)
    assert message == "sorted; shuffle it"
    error = BadInput(message)
    assert (str(error), error.code, error.fields) == ("sorted; shuffle it", "gallery-sorted", {"classes": 3})


def test_a_front_end_puts_its_own_mend_after_the_problem():
    error = BadInput("it has a, b; ", "name one", "unknown-column", of="labels")
    mends = {"unknown-column": lambda fields: f"use --{fields['of']}-column"}
    assert worded(error, mends) == worded(error.message, mends) == "it has a, b; use --labels-column"
    assert worded(error, {}) == "it has a, b; name one"
    assert worded("it has a, b; name one", mends) == "it has a, b; name one"  # a plain string has no code


def test_unknown_name_says_as_data_what_it_says_in_words():
    error = unknown_name("hash", "pca_sign", ["pca-sign", "itq"])
    assert error.code == "unknown-name"
    assert error.fields == {"kind": "hash", "name": "pca_sign", "known": ("itq", "pca-sign"), "near": "pca-sign"}
    assert unknown_name("metric", "zzz", ["ap"]).fields["near"] is None


def _refuse() -> None:
    raise BadInput("k 0 is outside 1 to 9: ", "give another", "some-code", k=0, known=("a", "b"))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_refusal_is_pickled_whole(protocol):
    error = BadInput("k 0: ", "give another", "some-code", k=0)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is BadInput and str(again) == "k 0: give another"
    assert (again.code, again.fields, again.message.problem) == ("some-code", {"k": 0}, "k 0: ")
    message = copy.deepcopy(error.message)
    assert (message, message.code, message.problem) == ("k 0: give another", "some-code", "k 0: ")


def test_a_refusal_comes_whole_out_of_another_process():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        error = pool.submit(_refuse).exception()
    assert isinstance(error, BadInput)
    assert (str(error), error.code) == ("k 0 is outside 1 to 9: give another", "some-code")
    assert (error.fields, error.message.problem) == ({"k": 0, "known": ("a", "b")}, "k 0 is outside 1 to 9: ")
