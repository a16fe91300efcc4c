from __future__ import annotations

import pandas as pd
import pytest

from core.engine.engine import Engine
from core.exports.export import Export, by_setting, encode
from core.exports.request import Request
from core.settings import Setting

SETTING = Setting("semantic", "itq", 8, "1.25", "test-vs-test", "wordnet", near_duplicates="leave-out")


@pytest.fixture
def asked(tiny_bundle):
    return Request(Engine(tiny_bundle, 1), SETTING, (5,))


def test_the_bytes_of_a_frame_and_of_a_text():
    assert encode(pd.DataFrame({"a": [0.1, 2.0], "b": ["é", None]})) == "a,b\n0.1,é\n2.0,\n".encode()
    assert encode("é") == "é".encode()


def test_the_name_of_a_file(asked):
    assert by_setting(asked, "curves") == "tiny_itq_8_x1.25_curves_without-near-duplicates.csv"
    own = Export("t", "Page", "d", lambda request: "x", suffix="json")
    assert own.file_name(asked) == "tiny_itq_8_x1.25_t_without-near-duplicates.json"
    assert Export("t", "Page", "d", lambda request: "x", file=lambda request: f"{request.one_k}.csv").file_name(
        asked
    ) == ("5.csv")
    assert own.write(asked) == b"x"
