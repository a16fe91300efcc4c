"""`retrieve`: one query by each search."""

from __future__ import annotations

import pandas as pd
import pytest

from core.engine import Engine
from core.retrieval import COLUMNS
from core.settings import Setting
from tests import reference


def test_table_equals_plain_loops(run, tiny_bundle):
    ran = run("retrieve", "--query", 7, "--k", 4, "--hash", "itq", "--multiplier", 1.5, "--out", "r.csv")
    assert ran.code == 0, ran.err
    rows = pd.read_csv("r.csv")
    assert tuple(rows.columns) == COLUMNS
    engine, setting = Engine(tiny_bundle), Setting("semantic", "itq", 16, "1.5", "test-vs-test", "wordnet")
    space, codes = engine.space(setting), engine.codes(setting)
    exact = reference.exact_ranking(space.queries[7], space.gallery, 7)
    near = reference.hamming_ranking(codes.queries.packed[7], codes.gallery.packed, 7)
    expected = {
        "exact": exact[:4],
        "hashed": reference.hashed_ranking(space.queries[7], space.gallery, near, "1.5", 4),
        "hamming": near[:4],
    }
    assert {search: part["index"].tolist() for search, part in rows.groupby("search")} == expected
    for row in rows.itertuples():
        assert row.similarity == reference.inner_product(space.queries[7], space.gallery[row.index])
        assert row.distance == reference.hamming(codes.queries.packed[7], codes.gallery.packed[row.index])
        assert row.exact_rank == exact.index(row.index) + 1
    lost = [item for item in exact[:4] if item not in near[:6]]
    assert f"the shortlist of 6 lost {len(lost)} of the exact top 4" in ran.out
    assert all(str(item) in ran.out for item in lost)


def test_searches_and_whole_gallery(run):
    ran = run("retrieve", "--query", 0, "--k", "all", "--searches", "asymmetric,exact", "--out", "r.csv")
    assert ran.code == 0, ran.err
    rows = pd.read_csv("r.csv")
    assert rows["search"].value_counts().to_dict() == {"exact": 59, "asymmetric": 59}
    assert "shortlist" not in ran.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--query", "60"], ["60", "0 to 59"]),
        (["--query", "1", "--k", "60"], ["60", "59"]),
        (["--query", "-1"], ["-1", "from 0"]),
        (["--query", "x"], ["'x'"]),
        (["--query", "1", "--hash", "random-codes", "--searches", "asymmetric"], ["real values"]),
    ],
)
def test_bad_input_is_one_line(refused, options, words):
    line = refused("retrieve", "--out", "r.csv", *options)
    assert all(word in line for word in words)
