from __future__ import annotations

from core.studies.original_system import published
from core.studies.original_system.published import DIFFERENCES, KS, PUBLISHED, REPORT, REPOSITORY


def test_what_is_quoted_is_cited():
    assert REPOSITORY == "https://github.com/rounaksaha12/Information-Retrieval-CBIR-project"
    assert "Network of Word Associations" in REPORT
    assert REPOSITORY.removeprefix("https://github.com/") in published.__doc__
    assert [(row.source, row.search) for row in PUBLISHED] == [
        ("README", "exact"), ("README", "hashed"), ("report", "exact"), ("report", "hashed"),
    ]  # fmt: skip


def test_figures_as_published():
    exact, hashed = PUBLISHED[:2]
    assert (exact.encode_ms, exact.retrieval_ms, hashed.retrieval_ms) == (220, 4.67, 4.48)
    assert exact.map == (1, 0.5646, None, 0.2664, 0.1321)
    assert hashed.map == (1, 0.5617, None, 0.2559, 0.1236)
    assert exact.mahp == (1, 0.8865, None, 0.7916, 0.7942)
    assert hashed.mahp == (1, 0.8865, None, 0.7838, 0.7786)


def test_the_report_adds_k_20_and_differs_in_one_figure():
    found = []
    for readme, report in zip(PUBLISHED[:2], PUBLISHED[2:], strict=True):
        assert (readme.encode_ms, readme.retrieval_ms) == (report.encode_ms, report.retrieval_ms)
        for name in ("map", "mahp"):
            for k, one, other in zip(KS, getattr(readme, name), getattr(report, name), strict=True):
                assert (one is None) == (k == 20)
                assert other is not None
                if one not in (None, other):
                    found.append((readme.search, name, k, one, other))
    assert found == [("exact", "map", 5, 0.5646, 0.5656)]


def test_no_figure_passes_its_ceiling():
    for row in PUBLISHED:
        for k, value in zip(KS, row.map, strict=True):
            assert value is None or value <= min(1, 100 / k)  # R = 100, the query among them, and the divisor k


def test_differences_are_one_sentence_each():
    assert all(line.endswith(".") and "\n" not in line for line in DIFFERENCES)
    text = " ".join(DIFFERENCES)
    for word in ("corpus", "divided by k", "shortlist", "process_time", "cdist", "test split", ".486", "100 images"):
        assert word in text
