"""Search over shards: ids and scores are those of one process, however the gallery is cut; faults end in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search.door import PackedCodes, Vectors, no_exclusion
from core.search.engines import shard_worker
from core.search.engines.engine import EngineError
from core.search.engines.spread import SpreadBackend
from core.search.local import LOCAL
from core.search.settled import packed_rows
from tests.core.search.engines.dask_clusters import cluster_of_threads, gallery_of
from tests.core.search.worlds import worlds

pytest.importorskip("distributed")
some = settings(max_examples=25, deadline=None)


@pytest.fixture(scope="module")
def cluster():
    with cluster_of_threads(2) as held:
        yield held


@pytest.fixture(scope="module")
def backend(cluster):
    return SpreadBackend(cluster)


def same(found, right):
    assert found.ids.dtype == np.int32 and found.scores.dtype == np.float64
    assert np.array_equal(found.ids, right.ids)
    assert found.scores.tobytes() == right.scores.tobytes()


def drawn(world, data):
    """Number of shards, a depth and items that may be found: all, or some."""
    items = len(world.gallery)
    allowed = None
    if data.draw(st.booleans()):
        allowed = np.array(data.draw(st.lists(st.booleans(), min_size=items, max_size=items)))
    parts = data.draw(st.sampled_from([1, 2, 3, 4, 5, items + 3]))
    return parts, data.draw(st.integers(1, items + 2)), allowed


@some
@given(world=worlds(), data=st.data())
def test_vectors_are_ranked_as_in_one_process(backend, world, data):
    backend.parts, depth, allowed = drawn(world, data)
    before, asked = backend.asked, (world.queries, world.exclude, depth, allowed)
    index = backend.open_vectors(Vectors(world.gallery))
    same(index.rank(*asked), LOCAL.open_vectors(Vectors(world.gallery)).rank(*asked))
    assert len(index.shards) == min(backend.parts, len(world.gallery))
    assert backend.asked - before == len(index.shards) * len(world.queries)


@some
@given(world=worlds(), data=st.data())
def test_codes_are_ranked_as_in_one_process(backend, world, data):
    backend.parts, depth, allowed = drawn(world, data)
    codes, before = PackedCodes(world.bits, world.words[1], world.cap), backend.asked
    asked = (world.words[0], world.exclude, depth, allowed)
    index = backend.open_codes(codes)
    found = index.rank(*asked)
    same(found, LOCAL.open_codes(codes).rank(*asked))
    alone = index.rank(*asked, scores=False)
    assert np.array_equal(alone.ids, found.ids) and alone.scores.shape == (len(found.ids), 0)
    assert backend.asked - before == 2 * len(index.shards) * len(world.queries)


@some
@given(world=worlds(), data=st.data())
def test_a_shortlist_is_ranked_again_as_in_one_process(backend, world, data):
    backend.parts, size = data.draw(st.integers(1, 5)), data.draw(st.integers(1, len(world.gallery)))
    depth, rng = data.draw(st.integers(1, size)), np.random.default_rng(0)
    shortlist = np.array([rng.permutation(len(world.gallery))[:size] for _ in world.queries], np.int32)
    asked = (world.queries, shortlist, depth)
    found, right = (of.open_vectors(Vectors(world.gallery)).rerank(*asked) for of in (backend, LOCAL))
    same(found, right)


def test_what_is_mapped_from_a_file_is_mapped_by_the_workers_and_not_copied(backend, tmp_path):
    rows = gallery_of(300)
    raw, named = tmp_path / "raw.f32", tmp_path / "rows.npy"
    raw.write_bytes(b"head of 5000 bytes".ljust(5000) + rows.tobytes())
    np.save(named, rows)
    backend.parts = 4
    for mapped in (
        np.load(named, mmap_mode="r"),
        np.asarray(np.memmap(raw, np.float32, "r", 5000, rows.shape)),
        np.asarray(np.memmap(raw, np.float32, "r", 5000, rows.shape))[30:],
        np.memmap(raw, np.float32, "r", 5000, rows.shape)[30:270],
    ):
        index = backend.open_vectors(Vectors(mapped))
        assert {Path(shard.path).parent for shard in index.shards} == {tmp_path}
        asked = (rows[:5], no_exclusion(5), 120)
        same(index.rank(*asked), LOCAL.open_vectors(Vectors(np.array(mapped))).rank(*asked))


def test_what_is_in_memory_is_written_once_and_removed_with_its_index(backend):
    backend.parts = 3
    index = backend.open_vectors(Vectors(gallery_of(30)))
    files = [Path(shard.path) for shard in index.shards]
    assert len(files) == 3 and all(file.parent == Path(backend._folder.name) for file in files)
    index.rank(gallery_of(30), no_exclusion(30), 2)
    assert sorted(files) == sorted(Path(backend._folder.name).glob("vectors-*"))
    del index
    assert not any(file.exists() for file in files)


def test_a_folder_of_shards_is_a_gallery(backend, tmp_path):
    rows, codes = gallery_of(60), np.random.default_rng(1).integers(0, 4, (60, 3)).astype(np.uint8)
    words = np.zeros((60, 8), np.uint8)
    words[:, :3] = codes
    words = np.ascontiguousarray(words.view(np.uint64).T)
    for kind, array in (("rows", rows), ("codes", codes)):
        (tmp_path / kind).mkdir()
        for number, part in enumerate(np.split(array, [7, 8, 40])):
            np.save(tmp_path / kind / f"shard-{number:04}.npy", part)
    asked = (rows[:9], np.arange(9), 70)
    same(
        backend.open_vector_folder(tmp_path / "rows").rank(*asked),
        LOCAL.open_vectors(Vectors(rows)).rank(*asked),
    )
    asked = (words[:, :9], np.arange(9), 25)
    same(
        backend.open_code_folder(tmp_path / "codes", 24).rank(*asked),
        LOCAL.open_codes(PackedCodes(24, words)).rank(*asked),
    )
    assert packed_rows(words).shape == (60, 8)
    np.save(tmp_path / "rows" / "shard-0002.npy", rows[:, :5])
    with pytest.raises(EngineError, match=r"shard-0002\.npy' is float32 of shape \(60, 5\): expected float32 with as"):
        backend.open_vector_folder(tmp_path / "rows")
    with pytest.raises(EngineError, match="holds no file"):
        backend.open_vector_folder(tmp_path)


def test_blocks_of_queries_are_told_of_by_shard(cluster, monkeypatch):
    monkeypatch.setattr("core.search.engines.spread._QUERIES", 4)
    heard, rows = [], gallery_of(30)
    backend = SpreadBackend(cluster, 3, hear=lambda *step: heard.append(step))
    found = backend.open_vectors(Vectors(rows)).rank(rows[:10], no_exclusion(10), 7)
    same(found, LOCAL.open_vectors(Vectors(rows)).rank(rows[:10], no_exclusion(10), 7))
    assert heard[0] == (3, 3, None)
    assert sorted(shard for _, _, shard in heard[1:]) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_shard_that_is_missing_or_of_other_rows_is_one_line(backend, tmp_path):
    rows = gallery_of(30)
    np.save(tmp_path / "rows.npy", rows)
    backend.parts = 2
    index = backend.open_vectors(Vectors(np.load(tmp_path / "rows.npy", mmap_mode="r")))
    (tmp_path / "rows.npy").rename(tmp_path / "away.npy")
    with pytest.raises(EngineError, match=r"rows\.npy' cannot be read on .*every worker finds them by the same path"):
        index.rank(rows, no_exclusion(30), 2)
    np.save(tmp_path / "rows.npy", -rows)
    with pytest.raises(EngineError, match="holds other rows than the gallery"):
        index.rank(rows, no_exclusion(30), 2)


def test_another_version_of_the_code_on_a_worker_is_one_line(backend, monkeypatch):
    rows = gallery_of(30)
    index = backend.open_vectors(Vectors(rows))
    monkeypatch.setattr("core.search.engines.spread.code_digest", lambda: "another")
    with pytest.raises(EngineError, match="another version of this project's code"):
        index.rank(rows, no_exclusion(30), 2)
    assert len(shard_worker.code_digest()) == 16
