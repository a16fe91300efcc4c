from __future__ import annotations

import json
from collections import namedtuple

import numpy as np
import pytest

from core.errors import BadInput
from core.hashing.packing import to_words
from core.hashing.random_hyperplane import RandomHyperplane
from core.scale import folder as module
from core.scale import rows
from core.scale.folder import ROWS, STATE, ScaleFolder
from core.scale.rows import Source


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(rows, "BLOCK", 8)
    monkeypatch.setattr(module, "BLOCK", 8)


def source(seed=0):
    real = np.random.default_rng(2).normal(size=(5, 4)).astype(np.float32)
    return Source("v", "e", "train", real, np.arange(5), 0.2, seed)


def whole(count):
    made = source()
    return np.concatenate([made.block(b, 8) for b in range(-(-count // 8))])[:count]


def test_grows_to_what_one_step_makes(tmp_path):
    place = ScaleFolder(tmp_path / "g", source())
    heard = []
    place.make_rows(11, heard.append)
    assert heard == [8, 3]
    assert np.array_equal(place.embeddings(11), whole(11))
    place = ScaleFolder(tmp_path / "g", source())
    assert (place.missing(11), place.missing(30)) == (0, 19)
    heard.clear()
    place.make_rows(30, heard.append)
    assert sum(heard) == 19
    assert np.array_equal(place.embeddings(30), whole(30))
    assert np.array_equal(place.embeddings(9), whole(9))
    assert not place.embeddings(9).flags.writeable


def test_goes_on_after_a_stop(tmp_path):
    def stop(done):
        raise KeyboardInterrupt

    place = ScaleFolder(tmp_path / "g", source())
    place.make_rows(8)
    with pytest.raises(KeyboardInterrupt):
        place.make_rows(30, stop)  # after a block was written and before it was counted
    place = ScaleFolder(tmp_path / "g", source())
    assert place.missing(30) == 22
    with pytest.raises(BadInput, match="has 8 rows"):
        place.embeddings(9)
    place.make_rows(30)
    assert np.array_equal(place.embeddings(30), whole(30))


def test_codes_are_those_of_the_embeddings(tmp_path):
    place = ScaleFolder(tmp_path / "g", source())
    place.make_rows(20)
    for bits in (16, 72):
        method = RandomHyperplane(bits).fit(source().rows)
        place.make_codes(method, 9)
        place.make_codes(method, 20)
        assert place.missing(25, method) == 5
        expected = to_words(method.encode(whole(20)))
        assert np.array_equal(ScaleFolder(tmp_path / "g", source()).words(method, 20), expected)
    with pytest.raises(BadInput, match="has 0 rows"):
        place.words(RandomHyperplane(16, seed=3).fit(source().rows), 5)


def test_what_cannot_be_used_is_refused(tmp_path, monkeypatch):
    place = ScaleFolder(tmp_path / "g", source())
    place.make_rows(20)
    with pytest.raises(BadInput, match="another bundle, encoder or seed"):
        ScaleFolder(tmp_path / "g", source(seed=1))
    with pytest.raises(BadInput, match="largest id"):
        place.make_rows(2**31)
    Usage = namedtuple("Usage", "free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage(100))
    with pytest.raises(BadInput, match="GB free"):
        place.make_rows(27)
    (tmp_path / "g" / ROWS).write_bytes(b"x" * 319)  # of 20 x 4 x 4
    with pytest.raises(BadInput, match="is shorter than"):
        ScaleFolder(tmp_path / "g", source())
    (tmp_path / "g" / STATE).write_text(json.dumps({"source": source().described()}))
    with pytest.raises(BadInput, match="cannot be read"):
        ScaleFolder(tmp_path / "g", source())
    strange = {"source": source().described(), "files": {"notes.txt": 3}}
    (tmp_path / "g" / STATE).write_text(json.dumps(strange))
    with pytest.raises(BadInput, match=r"unknown file 'notes.txt'"):
        ScaleFolder(tmp_path / "g", source())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    with pytest.raises(BadInput, match="is not empty"):
        ScaleFolder(tmp_path / "mine", source())
    with pytest.raises(BadInput, match="make its parent first"):
        ScaleFolder(tmp_path / "no" / "where", source())
