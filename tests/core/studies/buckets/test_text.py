from __future__ import annotations

import pytest

from core.engine.engine import Engine
from core.studies.buckets.lookups import EXACT, KMEANS, RANDOM, Lookup
from core.studies.buckets.published import DIFFERENCES, REPOSITORY
from core.studies.buckets.study import bucket_study, study_setting
from core.studies.buckets.text import as_markdown, as_text, sections


@pytest.fixture(scope="module")
def table(tiny_bundle):
    engine = Engine(tiny_bundle, 1)
    rows = [Lookup("", EXACT), Lookup(KMEANS, cells=10), Lookup(RANDOM, key_bits=6, tables=2)]
    return bucket_study(engine, study_setting(tiny_bundle), rows)


def test_published_and_ours_stand_apart(table):
    (first, published), (second, ours) = sections(table)
    assert first.startswith("Published")
    assert second == "Tiny, encoder semantic, test-vs-train, 60 queries"
    assert "mAP@50" not in published.columns and "candidates" not in published.columns
    assert published["mAP@50 found-only"].tolist()[0] == "0.7592"
    assert ours["candidates"].tolist()[0] == "150" and ours["examined"].tolist()[0] == "100.0 %"
    assert [heading for heading, _ in sections(table[table["origin"] == "here"])] == [second]


def test_text_and_markdown_tell_the_same(table):
    text, markdown = as_text(table), as_markdown(table)
    for words in ("0.8425", "10 cells", "2 × 6 bits", "notebook of ImageNet-1k", *DIFFERENCES):
        assert words in text and words in markdown
    assert REPOSITORY in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 4 + 2 + 3
    assert len({line.count("|") for line in rows[:6]}) == len({line.count("|") for line in rows[6:]}) == 1
