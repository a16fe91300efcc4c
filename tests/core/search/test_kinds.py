"""The table of searches."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.search.kinds import SEARCHES, search_kind


def test_each_search_says_what_it_depends_on():
    assert [name for name, kind in SEARCHES.items() if kind.by_code] == ["hashed", "hamming", "asymmetric"]
    assert [name for name, kind in SEARCHES.items() if kind.shortlisted] == ["hashed"]
    assert [name for name, kind in SEARCHES.items() if kind.tied] == ["hamming"]
    assert [name for name, kind in SEARCHES.items() if kind.of_values] == ["asymmetric"]


def test_an_unknown_search_is_refused():
    assert search_kind("hashed") is SEARCHES["hashed"]
    with pytest.raises(BadInput, match=r"unknown search 'haming': expected one of .*; did you mean 'hamming'"):
        search_kind("haming")
