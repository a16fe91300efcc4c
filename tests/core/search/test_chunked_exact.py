from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.search.chunked_exact import rank_exact_chunked
from core.search.exact import rank_exact, to_columns
from core.search.rounding import longest_row
from tests.core.search.worlds import quick, worlds


def test_by_hand():
    gallery = np.array([[1, 0], [0, 1], [0.5, 0.5], [1, 0]], np.float32)
    queries = np.array([[1, 0], [0, 2]], np.float32)
    for chunk in (1, 2, 3, 4, 9):
        ids, similarities = rank_exact_chunked(queries, gallery, 3, chunk=chunk)
        assert ids.tolist() == [[0, 3, 2], [1, 2, 0]]
        assert similarities.tolist() == [[1, 1, 0.5], [2, 1, 0]]
        assert rank_exact_chunked(queries, gallery, 3, np.array([0, 1]), chunk)[0].tolist() == [[3, 2, 1], [2, 0, 3]]


@quick
@given(worlds(), st.integers(1, 60), st.floats(0, 1))
def test_equals_the_plain_search_bit_for_bit(world, chunk, share):
    depth = max(1, round(share * world.size))
    plain = rank_exact(world.queries, to_columns(world.gallery), depth, world.exclude)
    found = rank_exact_chunked(world.queries, world.gallery, depth, world.exclude, chunk, world.threads)
    assert np.array_equal(found[0], plain[0])
    assert np.array_equal(found[1], plain[1])


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([1, 7, 64, 100, 700]))
def test_differences_that_float32_cannot_see_decide(seed, depth, chunk):
    # All rows are one direction, moved by some units in the last place: float32 products order them wrongly.
    rng = np.random.default_rng(seed)
    base = rng.normal(size=24).astype(np.float32)
    gallery = np.tile(base, (600, 1)).view(np.int32) + rng.integers(-2, 3, (600, 24), dtype=np.int32)
    gallery = np.concatenate([gallery.view(np.float32), -gallery[:100].view(np.float32)])
    queries = rng.normal(size=(3, 24)).astype(np.float32)
    plain = rank_exact(queries, to_columns(gallery), depth)
    found = rank_exact_chunked(queries, gallery, depth, chunk=chunk)
    assert np.array_equal(found[0], plain[0])
    assert np.array_equal(found[1], plain[1])


@pytest.mark.parametrize("count", [1, 1030])
def test_default_chunks_of_a_memory_map(tmp_path, count):
    rng = np.random.default_rng(count)
    rows = rng.normal(size=(70_000 if count == 1 else 5000, 4)).astype(np.float32)
    rows.tofile(tmp_path / "rows")
    gallery = np.memmap(tmp_path / "rows", np.float32, "r", shape=rows.shape)
    queries = rng.normal(size=(count, 4)).astype(np.float32)
    heard = []
    found = rank_exact_chunked(queries, gallery, 20, threads=2, progress=heard.append)
    assert np.array_equal(found[0], rank_exact(queries, to_columns(rows), 20)[0])
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_lengths():
    gallery = np.array([[3, 4], [0, 1]], np.float32)
    assert longest_row(gallery) == pytest.approx(5, rel=1e-9)
    assert longest_row(gallery) >= 5
    tiny = np.full((5, 2), 1e-30, np.float32)  # products that float32 has no number for
    tiny[3] *= 2
    assert rank_exact_chunked(tiny[:1], tiny, 2, chunk=2)[0].tolist() == [[3, 0]]
    with pytest.raises(BadInput, match="normalise them"):
        rank_exact_chunked(np.full((1, 2), 1e20, np.float32), np.full((3, 2), 1e18, np.float32), 1)
