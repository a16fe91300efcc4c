from __future__ import annotations

from dataclasses import replace

import pytest

from core.engine.engine import Engine
from core.errors import BadInput
from core.exports.request import Request, fitting_ks
from core.settings import Setting

SETTING = Setting("semantic", "itq", 8, "2", "test-vs-test", "wordnet")


@pytest.fixture(scope="module")
def request_at(tiny_bundle):
    return lambda *ks: Request(Engine(tiny_bundle, 1), SETTING, ks)


def test_one_k(request_at):
    assert request_at(5).k == 5 and request_at("all").one_k == "all" and request_at(5).size == 59


@pytest.mark.parametrize(
    ("ks", "words"), [((1, 5), "k '1,5' is a list"), (("all",), "k 'all' is not defined"), ((60,), "above the gallery")]
)
def test_what_is_no_k_is_refused(request_at, ks, words):
    with pytest.raises(BadInput, match=words):
        _ = request_at(*ks).k


def test_a_table_is_kept_by_all_that_it_follows_from(request_at):
    first = request_at(5)
    assert first.key == replace(first, timer=lambda setting, k: {}).key
    assert first.key != replace(first, metric="ap").key != replace(first, setting=replace(SETTING, bits=16)).key


def test_fitting_ks():
    assert fitting_ks([1, 5, 100, "all"], 59) == ([1, 5, "all"], [100])
