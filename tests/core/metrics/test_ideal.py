from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.ideal import discounts, ideal_rows, ideal_sums
from tests.core.metrics.hand import SIMILARITY
from tests.core.search.worlds import quick


def test_by_hand():
    ideal = ideal_sums(SIMILARITY, np.array([2, 1, 2]), 5, leave_one_out=False)
    assert ideal.relevant.tolist() == [2, 1, 2]
    assert ideal.gain.tolist() == [[1, 2, 2.5, 2.5, 2.5], [1, 1.5, 2, 2, 2], [1, 2, 2, 2, 2]]
    assert ideal.dcg[0] == pytest.approx([1, *[1 + 1 / log2(3)] * 4])
    assert ideal.dcg_hierarchical[0] == pytest.approx([1, 1 + 1 / log2(3), *[1 + 1 / log2(3) + 0.5 / 2] * 3])


def test_leaving_one_out():
    ideal = ideal_sums(SIMILARITY, np.array([2, 1, 0]), 3, leave_one_out=True)
    assert ideal.relevant.tolist() == [1, 0, 0]
    assert ideal.gain.tolist() == [[1, 1.5, 1.5], [0.5, 1, 1], [0, 0, 0]]


def test_discounts():
    assert discounts(4) == pytest.approx([1, 1 / log2(3), 1 / 2, 1 / log2(5)])


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans())
def test_no_ranking_reaches_more(seed, classes, leave_one_out):
    rng = np.random.default_rng(seed)
    similarity = np.maximum(np.eye(classes), np.round(rng.random((classes, classes)), 1) * 0.9)
    counts = rng.integers(0, 6, classes)
    counts[0] += 1
    depth = max(int(counts.sum()) - leave_one_out, 1)
    ideal = ideal_sums(similarity, counts, depth, leave_one_out)
    for c in range(classes):
        own = counts.copy()
        if leave_one_out:
            own[c] = max(own[c] - 1, 0)
        best = sorted(similarity[c, a] for a in range(classes) for _ in range(own[c] if a == c else own[a]))[::-1]
        best = (best + [0] * depth)[:depth]
        assert ideal.relevant[c] == own[c]
        assert ideal.gain[c] == pytest.approx(np.cumsum(best), abs=1e-12)
        weighted = np.cumsum([gain / log2(rank + 2) for rank, gain in enumerate(best)])
        assert ideal.dcg_hierarchical[c] == pytest.approx(weighted, abs=1e-12)
        single = np.cumsum([(rank < own[c]) / log2(rank + 2) for rank in range(depth)])
        assert ideal.dcg[c] == pytest.approx(single, abs=1e-12)


def test_some_ranks_only():
    similarity, counts = SIMILARITY, np.array([20, 7, 9])
    whole = ideal_sums(similarity, counts, 30, True)
    some = ideal_sums(similarity, counts, 30, True, np.array([1, 10, 30]))
    for name in ("gain", "dcg", "dcg_hierarchical"):
        assert np.array_equal(getattr(some, name), getattr(whole, name)[:, [0, 9, 29]])


def test_an_item_of_another_class_left_out():
    """Counts 2, 1, 2. A cat that leaves out the dog still finds two cats, then nothing alike; one that leaves out a
    car loses nothing that counts."""
    classes, left_out = np.array([0, 0, 0, 0]), np.array([0, 1, 2, -1])
    ideal = ideal_rows(SIMILARITY, np.array([2, 1, 2]), 4, classes, left_out)
    assert ideal.relevant.tolist() == [1, 2, 2, 2]
    assert ideal.gain.tolist() == [[1, 1.5, 1.5, 1.5], [1, 2, 2, 2], [1, 2, 2.5, 2.5], [1, 2, 2.5, 2.5]]
    assert ideal.dcg[1] == pytest.approx([1, *[1 + 1 / log2(3)] * 3])
    assert np.array_equal(ideal.dcg_hierarchical[2], ideal.dcg_hierarchical[3])


def test_nothing_is_left_of_an_empty_class():
    ideal = ideal_rows(SIMILARITY, np.array([0, 1, 0]), 2, np.array([0]), np.array([0]))
    assert ideal.relevant.tolist() == [0]
    assert ideal.gain.tolist() == [[0.5, 0.5]]
