from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.search.lookup import Codebook, fill_table, nearest_parts, rank_lookup
from tests.core.search.worlds import quick


def test_by_hand():
    # Part 0 has one coordinate with centroids 0 and 3, part 1 two with centroids (0, 0) and (1, 2).
    codebook = Codebook(np.array([[0, 3], [0, 1], [0, 2]], np.float32), np.array([0, 1, 3]))
    query = np.array([[1, 1, 1]], np.float32)
    table = np.empty((2, 2))
    fill_table(query[0], *codebook, table)
    assert table.tolist() == [[1, 4], [2, 1]]
    parts = np.array([[1, 0, 0, 1], [1, 0, 1, 0]], np.uint8)  # distances 5, 3, 2 and 6
    ids, distances = rank_lookup(query, codebook, parts, 4)
    assert (ids.tolist(), distances.tolist()) == ([[2, 1, 0, 3]], [[2, 3, 5, 6]])
    ids, distances = rank_lookup(query, codebook, parts, 2, np.array([2]))
    assert (ids.tolist(), distances.tolist()) == ([[1, 0]], [[3, 5]])
    assert nearest_parts(query, codebook).tolist() == [[0, 1]]


def test_a_distance_of_nothing_is_a_plain_zero():
    codebook = Codebook(np.array([[2.0]], np.float32), np.array([0, 1]))
    _, distances = rank_lookup(np.array([[2.0]], np.float32), codebook, np.zeros((1, 1), np.uint8), 1)
    assert str(distances[0, 0]) == "0.0"


@st.composite
def lookup_worlds(draw):
    """Halves, so that plain sums are exact and many distances tie."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    q, n, m = (draw(st.integers(1, most)) for most in (7, 40, 6))
    k = draw(st.sampled_from([1, 2, 16, 256]))
    sizes = rng.integers(1, 4, m)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    values, queries = (rng.integers(-3, 4, shape) / 2 for shape in ((starts[-1], k), (q, starts[-1])))
    parts = rng.integers(0, k, (m, n)).astype(np.uint8)
    exclude = rng.integers(0, n, q) if n > 1 and draw(st.booleans()) else np.full(q, -1)
    codebook = Codebook(values.astype(np.float32), starts)
    return queries.astype(np.float32), codebook, parts, exclude.astype(np.int64), draw(st.integers(1, 3))


@quick
@given(lookup_worlds())
def test_equals_the_loops(world):
    queries, codebook, parts, exclude, threads = world
    values, starts = codebook
    left = parts.shape[1] - int((exclude >= 0).any())
    ids, distances = rank_lookup(queries, codebook, parts, left, exclude, threads)
    rebuilt = np.concatenate([values[starts[m] : starts[m + 1], part].T for m, part in enumerate(parts)], axis=1)
    for q, query in enumerate(queries):
        apart = [sum((float(a) - float(b)) ** 2 for a, b in zip(query, row, strict=True)) for row in rebuilt]
        expected = sorted((apart[n], n) for n in range(len(apart)) if n != exclude[q])
        assert ids[q].tolist() == [n for _, n in expected]
        assert distances[q].tolist() == [value for value, _ in expected]
    nearest = nearest_parts(queries, codebook, threads)
    for q, query in enumerate(queries):
        for m in range(len(parts)):
            part = slice(starts[m], starts[m + 1])
            assert nearest[q, m] == ((query[part, None] - values[part]) ** 2).sum(axis=0).argmin()


@quick
@given(lookup_worlds())
def test_neither_threads_nor_depth_change_a_result(world):
    queries, codebook, parts, exclude, _ = world
    noise = np.random.default_rng(0).normal(size=queries.shape).astype(np.float32)
    left = parts.shape[1] - int((exclude >= 0).any())
    depth = (left + 1) // 2
    whole = rank_lookup(queries + noise, codebook, parts, left, exclude, 1)
    for threads in (2, 3):
        shallow = rank_lookup(queries + noise, codebook, parts, depth, exclude, threads)
        assert np.array_equal(shallow[0], whole[0][:, :depth])
        assert np.array_equal(shallow[1], whole[1][:, :depth])
