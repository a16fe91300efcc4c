from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.search.buckets import rank_buckets
from tests import reference
from tests.core.search.worlds import quick


def test_by_hand():
    gallery = np.array([[1, 0], [0, 1], [1, 1], [-1, 0]], np.float32)
    gallery_keys = np.array([[0, 0, 1, 1], [5, 6, 7, 5]])
    query, keys = np.array([[1, 0.5]], np.float32), np.array([[0], [5]])
    ids, similarities, counts = rank_buckets(query, gallery, keys, gallery_keys, 4)
    assert ids.tolist() == [[0, 1, 3, -1]]  # 0 shares both buckets, 1 and 3 one, 2 none
    assert similarities[0, :3].tolist() == [1.0, 0.5, -1.0]
    assert similarities[0, 3] == -np.inf
    assert counts.tolist() == [3]
    ids, _, counts = rank_buckets(query, gallery, keys, gallery_keys, 1, np.array([0]))
    assert (ids.tolist(), counts.tolist()) == ([[1]], [2])
    ids, _, counts = rank_buckets(query, gallery, np.array([[9], [9]]), gallery_keys, 2)
    assert (ids.tolist(), counts.tolist()) == ([[-1, -1]], [0])


@quick
@given(
    st.integers(1, 7), st.integers(1, 40), st.integers(1, 4), st.integers(1, 12), st.booleans(), st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_equals_the_loops(q, n, tables, buckets, left_out, threads, seed):
    rng = np.random.default_rng(seed)
    queries, gallery = (rng.integers(-2, 3, (rows, 3)).astype(np.float32) for rows in (q, n))
    query_keys, keys = (rng.integers(0, buckets, (tables, rows)) for rows in (q, n))
    exclude = rng.integers(0, n, q) if left_out else np.full(q, -1)
    k = int(rng.integers(1, n + 1))
    ids, similarities, counts = rank_buckets(queries, gallery, query_keys, keys, k, exclude, threads)
    for row in range(q):
        found = [i for i in range(n) if i != exclude[row] and (query_keys[:, row] == keys[:, i]).any()]
        order = sorted(found, key=lambda i: (-reference.inner_product(queries[row], gallery[i]), i))[:k]
        assert counts[row] == len(found)
        assert ids[row].tolist() == order + [-1] * (k - len(order))
        assert similarities[row, : len(order)].tolist() == [
            reference.inner_product(queries[row], gallery[i]) for i in order
        ]
