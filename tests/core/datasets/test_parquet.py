from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bundle.bundle import load_bundle
from core.datasets import parquet
from core.datasets.array_files import open_array
from core.datasets.arrays import import_arrays
from core.datasets.scratch import Scratch
from core.errors import BadInput
from tests.core.datasets.array_tables import KINDS, write_hub

ROWS = np.arange(60, dtype=np.float32).reshape(20, 3)


def load(path, name="embeddings", column=None, rows=None):
    with Scratch() as scratch:
        return np.array(open_array(path, name, "gallery " + name, scratch, column).load(scratch, rows))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_lists_of_every_kind_come_as_they_are(tmp_path, kind, dtype):
    path = write_hub(tmp_path / "x.parquet", {"features": ROWS.astype(dtype)}, kind=kind)
    found = load(path)
    assert found.dtype == dtype and (found == ROWS).all()


@settings(max_examples=20, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 9)),
    group=st.integers(1, 41),
    block=st.integers(1, 400),
    kind=st.sampled_from(sorted(KINDS)),
    seed=st.integers(0, 99),
)
def test_blocks_and_row_groups_change_nothing(tmp_path_factory, shape, group, block, kind, seed):
    rng = np.random.default_rng(seed)
    rows, keep = rng.normal(size=shape).astype(np.float32), rng.random(shape[0]) < 0.6
    path = write_hub(tmp_path_factory.mktemp("t") / "x.parquet", {"e": rows}, rows=group, kind=kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "BLOCK_BYTES", block)
        assert (load(path) == rows).all()
        assert (load(path, rows=keep) == rows[keep]).all()


def test_a_picture_column_is_not_read(tmp_path, monkeypatch):
    pictures = pa.array([{"bytes": b"png", "path": None}] * 20)
    path = write_hub(tmp_path / "x.parquet", {"image": pictures, "features": ROWS})
    asked = []
    read = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile, "iter_batches", lambda *a, columns, **o: asked.append(columns) or read(*a, columns=columns, **o)
    )
    assert (load(path) == ROWS).all()
    assert set(map(tuple, asked)) == {("features",)}


def test_only_headers_and_the_first_row_are_read_to_open_it(tmp_path):
    path = write_hub(tmp_path / "x.parquet", {"features": ROWS})
    with Scratch() as scratch:
        array = open_array(path, "embeddings", "gallery embeddings", scratch)
        assert (array.shape, array.dtype, array.column) == ((20, 3), np.float32, "features")
        assert (array.head(8) == ROWS[:8]).all()


def test_a_block_at_a_time_is_in_memory(tmp_path, monkeypatch):
    """24 MB in one row group, read in blocks of 1 MB."""
    rows = np.arange(12_000 * 512, dtype=np.float32).reshape(12_000, 512)
    column = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), 512)
    pq.write_table(pa.table({"e": column}), tmp_path / "x.parquet", row_group_size=12_000, use_dictionary=False)
    del column
    monkeypatch.setattr(parquet, "BLOCK_BYTES", 1_000_000)
    before, most, first = pa.total_allocated_bytes(), 0, 0
    with Scratch() as scratch:
        for block in open_array(tmp_path / "x.parquet", "embeddings", "e", scratch).blocks():
            most = max(most, pa.total_allocated_bytes() - before)
            assert (block == rows[first : first + len(block)]).all()
            first += len(block)
    assert first == 12_000 and most < 12_000_000


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"a": ROWS, "b": ROWS, "label": range(20)},
            r"it has a, b, label; 2 of them fit \(a, b\): choose one$",
        ),
        ({"label": range(20), "n": range(20)}, "has no column 'embeddings': it has label, n, none of them fit"),
        ({"embeddings": ["x"] * 20, "features": ROWS}, "column 'embeddings' holds string: expected numbers"),
        ({"embeddings": [None, *ROWS[1:]]}, r"row 0 \(from 0\) is empty"),
        ({"embeddings": [*ROWS[:18], None, ROWS[0]]}, r"row 18 \(from 0\) is empty"),
        ({"embeddings": [*ROWS[:15], ROWS[0, :2], *ROWS[16:]]}, r"row 15 \(from 0\) has 2 numbers, row 0 has 3"),
        ({"embeddings": [*ROWS[:9].tolist(), [1.0, None, 2.0]]}, r"row 9 \(from 0\) lacks a number"),
        ({"embeddings": pa.array([], pa.list_(pa.float32(), 3))}, "is empty"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, columns, message):
    path = write_hub(tmp_path / "x.parquet", columns)
    with pytest.raises(BadInput, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value) and "x.parquet" in str(caught.value)


def test_a_column_that_was_named_must_be_there(tmp_path):
    path = write_hub(tmp_path / "x.parquet", {"a": ROWS, "b": -ROWS})
    assert (load(path, column="b") == -ROWS).all()
    with pytest.raises(BadInput, match=r"has no column 'c': it has a, b; name one of those$"):
        load(path, column="c")


class TestFolder:
    """A column in several files, as data hubs split what is large."""

    def write(self, folder, **changes):
        folder.mkdir()
        for number, rows in enumerate((ROWS[:8], ROWS[8:15], ROWS[15:])):
            columns = {
                "features": rows,
                "label": [str(int(row[0])) for row in rows],
                **changes.get(f"part{number}", {}),
            }
            write_hub(folder / f"train-0000{number}-of-00003.parquet", columns)
        return folder

    def test_files_are_read_in_the_order_of_their_names(self, tmp_path):
        folder = self.write(tmp_path / "hub")
        (folder / "README.md").write_text("not an array")
        assert (load(folder) == ROWS).all()
        assert (load(folder, rows=ROWS[:, 0] > 30) == ROWS[11:]).all()
        import_arrays(tmp_path / "out", folder)
        assert load_bundle(tmp_path / "out").labels("gallery").tolist() == [int(row[0]) for row in ROWS]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"features": ROWS[:7, :2]}, r"row 8 \(from 0\) has 2 numbers, row 0 has 3"),
            (
                {"features": ROWS[:7].astype("f8")},
                r"00001-of-00003.parquet' has .*double.* where other files have .*float",
            ),
            ({"features": ["x"] * 7}, r"00001-of-00003.parquet' has string where other files have .*float"),
            ({"features": ROWS[:7, 0]}, r"00001-of-00003.parquet' has float where other files have .*list<"),
        ],
    )
    def test_files_that_differ(self, tmp_path, change, message):
        folder = self.write(tmp_path / "hub", part1=change)
        with pytest.raises(BadInput, match=message):
            load(folder)

    def test_a_link_out_of_the_folder_an_empty_file_and_none(self, tmp_path):
        folder = self.write(tmp_path / "hub")
        secret = write_hub(tmp_path / "secret.parquet", {"features": ROWS})
        (folder / "more.parquet").symlink_to(secret)
        with pytest.raises(BadInput, match=r"more.parquet' is a link out of the folder that was named"):
            load(folder)
        (folder / "more.parquet").unlink()
        (folder / "more.parquet").touch()
        with pytest.raises(BadInput, match=r"more.parquet' is empty"):
            load(folder)
        (tmp_path / "none").mkdir()
        with pytest.raises(BadInput, match=r"none' holds no .parquet file"):
            load(tmp_path / "none")

    def test_a_file_without_the_column_of_names(self, tmp_path):
        folder = self.write(tmp_path / "hub")
        write_hub(folder / "train-00003.parquet", {"features": ROWS})
        with pytest.raises(BadInput, match=r"train-00003.parquet' has no column 'label', which the first file"):
            import_arrays(tmp_path / "out", folder)

    def test_other_class_names_in_a_later_file(self, tmp_path):
        folder = tmp_path / "hub"
        folder.mkdir()
        write_hub(folder / "1.parquet", {"features": ROWS[:4], "label": [0, 1, 0, 1]}, names=["ant", "bee"])
        write_hub(folder / "2.parquet", {"features": ROWS[4:6], "label": [0, 1]}, names=["bee", "ant"])
        with pytest.raises(BadInput, match=r"'2.parquet' names other classes than '1.parquet'"):
            import_arrays(tmp_path / "out", folder)
        write_hub(folder / "2.parquet", {"features": ROWS[4:6], "label": [0, 1]}, names=["ant", "bee"])
        import_arrays(tmp_path / "out", folder)
        assert load_bundle(tmp_path / "out").labels("gallery").tolist() == [0, 1, 0, 1, 0, 1]

    def test_text_in_one_file_and_numbers_in_another(self, tmp_path):
        folder = self.write(tmp_path / "hub", part1={"label": range(7)})
        with pytest.raises(BadInput, match=r"00001-of-00003.parquet' has int64 where other files have text"):
            import_arrays(tmp_path / "out", folder)


class TestRowsOfAnotherSize:
    """Lists are measured by what the file's end says of them, before they are decoded."""

    def write(self, path, rows):
        pq.write_table(pa.table({"e": pa.array(rows, pa.list_(pa.float64()))}), path)
        assert path.stat().st_size < 20_000  # equal numbers take next to no room
        return path

    def test_a_long_second_row_is_refused_before_it_is_decoded(self, tmp_path):
        path = self.write(tmp_path / "x.parquet", [[1.0], np.zeros(1_500_000)])
        before = pa.total_allocated_bytes()
        with pytest.raises(BadInput, match=r"row group 0 of 'x.parquet' has 1,500,001 numbers in 2 rows, row 0 has 1"):
            load(path)
        assert pa.total_allocated_bytes() - before < 1_000_000

    def test_rows_of_more_than_a_block(self, tmp_path):
        path = self.write(tmp_path / "x.parquet", [np.zeros(1_000_001)] * 2)
        with pytest.raises(BadInput, match=r"has rows of 1,000,001 numbers: expected 1,000,000 at most"):
            load(path)

    def test_another_column_below_the_name_is_not_counted(self, tmp_path):
        path = write_hub(tmp_path / "x.parquet", {"e": ROWS, "e.more": np.ones((20, 9), "f4")})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parquet, "BLOCK_BYTES", 1)
            assert (load(path, column="e") == ROWS).all()
