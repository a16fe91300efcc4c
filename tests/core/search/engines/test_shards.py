"""Shards: every item is in one of them, wherever the array lies."""

from __future__ import annotations

import numpy as np
import pytest

from core.search.engines.shards import cut


@pytest.mark.parametrize("kind", ["vectors", "words"])
@pytest.mark.parametrize("parts", [1, 5, 22, 40])
def test_shards_cover_every_item_once_in_order(tmp_path, kind, parts):
    array = np.arange(44, dtype=np.float32 if kind == "vectors" else np.uint64).reshape(22, 2)
    array, axis = (array, 0) if kind == "vectors" else (np.ascontiguousarray(array.T), 1)
    kept = []

    def keep(part):
        kept.append(tmp_path / f"{len(kept)}.npy")
        np.save(kept[-1], part)
        return np.load(kept[-1], mmap_mode="r")

    shards = cut(array, kind, parts, keep)
    assert len(shards) == len(kept) == min(parts, 22)
    assert np.array_equal(np.concatenate([shard.map() for shard in shards], axis=axis), array)
    assert [shard.first for shard in shards] == list(np.cumsum([0, *(shard.count for shard in shards[:-1])]))


@pytest.mark.parametrize("order", ["rows of a map", "columns of a map", "a map of a part of a file"])
def test_a_mapped_array_is_found_in_its_file(tmp_path, order):
    array = np.arange(60_000, dtype=np.uint64).reshape(6, 10_000)
    np.save(tmp_path / "words.npy", array)
    mapped = np.load(tmp_path / "words.npy", mmap_mode="r")
    if order == "rows of a map":
        mapped = mapped[2:5]
    elif order == "columns of a map":
        mapped = np.asarray(mapped)[:, 1000:9000]
    else:
        head = (tmp_path / "words.npy").stat().st_size - array.nbytes
        mapped = np.memmap(tmp_path / "words.npy", np.uint64, "r", head + 8 * 10_000, (3, 10_000))

    def keep(part):
        raise AssertionError("it was copied")

    shards = cut(mapped, "words", 3, keep)
    assert np.array_equal(np.concatenate([shard.map() for shard in shards], axis=1), mapped)
