"""Indexes as text: read, written, refused."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.search.engines.engine import ApproximateIndex
from core.studies.approximate.index_text import check_kind, index_text, kind_of, parse_index
from tests.core.search.engines.memory_engine import MemoryEngine


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("HNSW:M=16,efConstruction=200:ef=64", ApproximateIndex("HNSW", {"M": 16, "efConstruction": 200}, {"ef": 64})),
        ("FLAT", ApproximateIndex("FLAT")),
        ("IVF::nprobe=8", ApproximateIndex("IVF", {}, {"nprobe": 8})),
        (
            "BQ:always_ram=true:oversampling=2.5",
            ApproximateIndex("BQ", {"always_ram": "true"}, {"oversampling": "2.5"}),
        ),
    ],
)
def test_a_text_is_read_and_written(text, index):
    assert parse_index(text) == index
    assert index_text(index) == text
    assert parse_index(f" {text} ".replace(",", " , ")) == index


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has another form: write KIND:BUILD:SEARCH"),
        ("a:b=1:c=1:d=1", "has another form"),
        ("M=16:ef=1", "has another form"),
        ("HNSW:M", "'M' is no parameter"),
        ("HNSW:M=1,M=2", "gives 'M' twice"),
        ("HNSW:M=1,,N=2", "'' is no parameter"),
        ("HNSW:M=", "'M=' is no parameter"),
    ],
)
def test_another_form_is_refused(text, said):
    with pytest.raises(BadInput) as error:
        parse_index(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_kind_is_one_of_the_engine_s():
    server = MemoryEngine()
    server.kinds = {"vectors": ("HNSW",), "codes": ("BIN",)}
    assert kind_of(server, ApproximateIndex("BIN")) == "codes"
    check_kind(server, "vectors", ApproximateIndex("HNSW"))
    with pytest.raises(
        BadInput, match="unknown index in memory 'HNSV': expected one of BIN, HNSW; did you mean 'HNSW'"
    ):
        kind_of(server, ApproximateIndex("HNSV"))
    with pytest.raises(BadInput, match="unknown index of codes in memory 'HNSW': expected one of BIN"):
        check_kind(server, "codes", ApproximateIndex("HNSW"))
    server.kinds = {"vectors": ("HNSW",), "codes": ()}
    with pytest.raises(BadInput, match="memory has no approximate index of codes"):
        check_kind(server, "codes", ApproximateIndex("HNSW"))
