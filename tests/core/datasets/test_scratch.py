from __future__ import annotations

import io
import shutil
import zipfile

import numpy as np
import pytest

from core.datasets.array_files import open_array
from core.datasets.arrays import import_arrays
from core.datasets.scratch import Scratch
from core.errors import BadInput

ROWS = np.arange(12.0).reshape(4, 3)


def test_what_is_written_comes_back_and_goes_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Scratch() as scratch:
        array = scratch.write((4, 3), np.dtype("f4"), iter([ROWS[:3], ROWS[3:]]))
        assert array.dtype == np.float32 and (array == ROWS).all()
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
        assert len(list(tmp_path.rglob("*.npy"))) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_an_npz_in_either_order(tmp_path, order):
    np.savez_compressed(tmp_path / "x.npz", embeddings=np.asarray(ROWS, order=order))
    with Scratch() as scratch:
        assert (open_array(tmp_path / "x.npz", "embeddings", "e", scratch).load(scratch) == ROWS).all()


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil-embeddings", "..\\evil"])
def test_a_name_inside_an_npz_is_never_a_path(tmp_path, monkeypatch, name):
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    data = io.BytesIO()
    np.save(data, ROWS)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        file.writestr(f"{name}.npy", data.getvalue())
    with Scratch() as scratch:
        assert (open_array(tmp_path / "x.npz", "embeddings", "e", scratch).load(scratch) == ROWS).all()
        assert [path.name for path in (tmp_path / "t").rglob("*.npy")] == ["1.npy"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["t", "x.npz"]


def test_an_npz_that_holds_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        file.writestr("embeddings.npy", b"not an array")
    with pytest.raises(BadInput, match=r"x.npz' holds 'embeddings', which is no array"):
        import_arrays(tmp_path / "out", tmp_path / "x.npz", np.arange(4))


def test_an_import_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    np.savez(tmp_path / "x.npz", embeddings=ROWS * np.nan)
    with pytest.raises(BadInput, match="row 0"):
        import_arrays(tmp_path / "out", tmp_path / "x.npz", np.arange(4))
    assert list((tmp_path / "t").iterdir()) == [] and not (tmp_path / "out").exists()


def test_an_array_that_unpacks_to_more_than_its_header_says(tmp_path):
    data = io.BytesIO()
    np.save(data, ROWS)
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("embeddings.npy", data.getvalue() + bytes(1_000_000))
    assert (tmp_path / "x.npz").stat().st_size < 3000
    with pytest.raises(BadInput, match=r"'embeddings' of shape \(4, 3\) unpacks to 1,000,224 bytes, expected 224"):
        import_arrays(tmp_path / "out", tmp_path / "x.npz", np.arange(4))


def test_what_has_no_room_on_the_disk_is_not_begun(tmp_path, monkeypatch):
    free = shutil.disk_usage(tmp_path)._replace(free=200_000_050)  # 50 bytes beside the reserve
    monkeypatch.setattr("core.datasets.scratch.shutil.disk_usage", lambda _: free)
    with Scratch() as scratch:
        assert scratch.write((3, 2), np.dtype("f8"), iter([ROWS[:3, :2]])).shape == (3, 2)  # 48 bytes
        with pytest.raises(BadInput, match=r"0 MB are needed in '.*', which has 0 MB to spare"):
            scratch.write((4, 2), np.dtype("f8"), iter([]))
        with pytest.raises(BadInput, match=r"3 MB are needed .* set TMPDIR"):
            scratch.copy_npy(io.BytesIO(), 3_000_000)


def test_a_disk_that_is_full_at_the_start(monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryDirectory", full)
    with pytest.raises(BadInput, match=r"no temporary folder can be made \(No space left on device\)"), Scratch():
        pass
