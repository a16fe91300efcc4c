"""Merged rankings of parts are the ranking of the whole, by plain sorts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.door import Ranking
from core.search.merge import best_of, merge_rankings


@pytest.mark.parametrize("descending", [True, False])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_best_of_all_parts_by_score_then_by_id(descending, data):
    count, depth = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 35))
    scores = np.array(data.draw(st.lists(st.sampled_from([-1.5, -0.0, 0.0, 2.0]), min_size=count, max_size=count)))
    parts, keys = [], -scores if descending else scores
    for items in np.array_split(np.arange(count), data.draw(st.integers(1, 6))):
        order = items[np.lexsort((items, keys[items]))]
        spare = data.draw(st.integers(0, 2))
        ids = np.concatenate([order, np.full(spare, -1)]).astype(np.int32)[None]
        parts.append(Ranking(ids, np.concatenate([scores[order], np.full(spare, np.nan)])[None]))
    found = merge_rankings(parts, depth, descending)
    right = np.lexsort((np.arange(count), keys))[:depth]
    missing = depth - len(right)
    assert found.ids.dtype == np.int32
    assert found.ids[0].tolist() == [*right, *[-1] * missing]
    assert np.array_equal(found.scores[0], [*scores[right], *[np.nan] * missing], equal_nan=True)
    assert not (np.signbit(found.scores) & (found.scores == 0)).any() or not descending


def test_nothing_at_all_is_missing_everywhere():
    found = best_of(np.full((2, 3), -1, np.int32), np.full((2, 3), np.nan), 4, descending=True)
    assert (found.ids == -1).all() and found.ids.shape == (2, 4) and np.isnan(found.scores).all()
