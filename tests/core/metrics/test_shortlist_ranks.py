from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.shortlist_ranks import last_short, look_up, rank_others
from tests.core.search.worlds import quick


def _looked_up(near, exact, stamps, stamp):
    ranks = np.empty(len(near), np.int32)
    return look_up(near.astype(np.int32), exact.astype(np.int32), stamps, stamp, ranks), ranks.tolist()


@quick
@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.sampled_from([0, 2**31 - 200, 2**31 - 1, 2**31]), st.data())
def test_ranks_are_those_of_a_list_whatever_earlier_queries_left(size, seed, stamp, data):
    rng = np.random.default_rng(seed)
    known = data.draw(st.integers(1, size))
    stamps = rng.integers(0, stamp, size, dtype=np.uint32) if stamp else np.zeros(size, np.uint32)
    for _ in range(12):  # so many that stamps begin anew where they are near their last
        exact, near = rng.permutation(size)[:known], rng.permutation(size)[: rng.integers(1, size + 1)]
        stamp, ranks = _looked_up(near, exact, stamps, stamp)
        places = {item: place for place, item in enumerate(exact.tolist())}
        assert ranks == [places.get(item, known) for item in near.tolist()]
        assert stamps.max() < stamp <= 2**31 + known


@quick
@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.data())
def test_the_last_short_list_is_that_of_a_loop(size, seed, data):
    rng = np.random.default_rng(seed)
    ks = np.array(sorted(data.draw(st.sets(st.integers(1, size), min_size=1))))
    shortlists = np.minimum(size, ks + np.sort(rng.integers(0, size, len(ks))))
    ranks = rng.integers(0, 2 * size, size).astype(np.int32)
    short = [m for k, m in zip(ks, shortlists, strict=True) if (ranks[:m] < size).sum() < k]
    assert last_short(np.minimum(ranks, size), size, shortlists, ks) == (short[-1] if short else 0)


def test_items_of_unknown_rank_follow_by_similarity_and_index():
    gallery = np.array([[1.0], [5.0], [3.0], [3.0], [9.0], [4.0]], np.float32)
    near, known, short = np.array([3, 4, 2, 1, 0, 5], np.int32), 1, 4
    ranks, item_at = np.array([1, 0, 1, 1, 1, 1], np.int32), np.full(known + 6, -1, np.int32)
    item_at[0] = 4
    rank_others(np.ones(1, np.float32), gallery, near, ranks, item_at, known, short)
    assert ranks.tolist() == [3, 0, 2, 1, 7, 7]  # the last two are in no shortlist that needs them
    assert item_at.tolist() == [4, 1, 2, 3, -1, -1, -1]
