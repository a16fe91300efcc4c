"""Columns of a .parquet file: numbers, lists of numbers and text, read a block of rows at a time.

A folder of such files, as data hubs split them, is read as one, in the order of their names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.datasets.array_columns import choose_column
from core.datasets.array_file import BLOCK_BYTES, ArrayFile
from core.errors import BadInput
from core.runtime.allowed_paths import AllowedPaths

_ROW_BYTES = 8_000_000  # most of one row of embeddings: a million float64


def parts(path: Path) -> list[Path]:
    """The file, or the .parquet files of a folder; BadInput for one that is empty or leads out of the folder."""
    if not path.is_dir():
        return [path]
    found, inside = sorted(path.glob("*.parquet")), AllowedPaths([path])
    if not found:
        raise BadInput(f"folder '{path}' holds no .parquet file: name a folder with some, or a file")
    for part in found:
        if part not in inside:
            raise BadInput(f"'{part}' is a link out of the folder that was named: copy the file there")
        if not part.is_file() or not part.stat().st_size:
            raise BadInput(f"'{part}' is empty or no file: fetch it again, or take it out of the folder")
    return found


def column_names(path: Path) -> tuple[str, ...]:
    """The names of all columns."""
    return tuple(_schema(path).names)


def fitting_columns(path: Path, name: str) -> tuple[str, ...]:
    """The columns whose type suits "embeddings", "labels", "codes" or "split"."""
    return tuple(field.name for field in _schema(path) if _fits(field.type, name))


def open_parquet(path: Path, name: str, column: str | None, label: str) -> ArrayFile:
    """The column for `name` as an array: (N,) of a column of numbers, (N, d) of one of lists. Reads the first row."""
    schema = _schema(path)
    column = choose_column(name, column, schema.names, fitting_columns(path, name), label, "column")
    label = f"{label}, column '{column}'"
    kind = schema.field(column).type
    value = _value(kind)
    if not _is_number(value):
        raise BadInput(f"{label} holds {value}: expected numbers, or lists of numbers")
    rows = sum(_count(part, column, kind, label) for part in parts(path))
    dtype = np.dtype(value.to_pandas_dtype())
    if not _is_list(kind) or not rows:
        return ArrayFile(label, column, (rows,), dtype, lambda: _blocks(path, column, label, None, dtype))
    first = next(_batches(path, column, 1))
    _refuse_nulls(first, 0, label)
    width = len(first.flatten())
    for part in parts(path):
        _check_sizes(part, column, width, dtype.itemsize, label)
    return ArrayFile(label, column, (rows, width), dtype, lambda: _blocks(path, column, label, width, dtype))


def read_text(path: Path, column: str, label: str) -> tuple[np.ndarray, list[str]]:
    """A column of text as numbers int64 (N,) and the text that each stands for, in order of appearance.

    The text of one block of rows at a time is in memory, and each value once.
    """
    for part in parts(path):
        with pq.ParquetFile(part) as file:
            kind = _kind(file, part, column)
        if not _is_text(kind):
            raise BadInput(f"{label}: '{part.name}' has {kind} where other files have text")
    places: dict[str, int] = {}
    numbers, count = [], 0
    for batch in _batches(path, column, 65_536):
        if pa.types.is_dictionary(batch.type):
            batch = batch.dictionary_decode()
        _refuse_nulls(batch, count, label)
        coded = batch.dictionary_encode()
        ids = [places.setdefault(str(text), len(places)) for text in coded.dictionary.to_pylist()]
        numbers.append(np.array(ids, np.int64)[coded.indices.to_numpy(zero_copy_only=False)])
        count += len(batch)
    return np.concatenate(numbers) if numbers else np.empty(0, np.int64), list(places)


def is_text(path: Path, column: str) -> bool:
    """Whether a column holds text."""
    return _is_text(_schema(path).field(column).type)


def class_label_names(path: Path, column: str) -> list[str] | None:
    """Names of the classes of a ClassLabel column, as the `datasets` library keeps them in the schema; else None.

    BadInput where the files of a folder name different classes: a number would mean one here and another there.
    """
    first, *others = parts(path)
    names = _label_names(first, column)
    for part in others:
        if _label_names(part, column) != names:
            raise BadInput(
                f"column '{column}': '{part.name}' names other classes than '{first.name}', or in another order: "
                "write both with one list of names, or labels as text"
            )
    return names


def _label_names(part: Path, column: str) -> list[str] | None:
    try:
        info = json.loads((pq.read_schema(part).metadata or {}).get(b"huggingface", b"{}"))
        feature = info["info"]["features"][column]
        names = feature["names"] if feature["_type"] == "ClassLabel" else None
    except (ValueError, KeyError, TypeError):
        return None
    return names if isinstance(names, list) and names and all(isinstance(name, str) for name in names) else None


def _blocks(path: Path, column: str, label: str, width: int | None, dtype: np.dtype) -> Iterator[np.ndarray]:
    """Consecutive rows: (n,), or (n, width) of lists; BadInput names a row that is missing or of another length."""
    count = 0
    for batch in _batches(path, column, max(1, BLOCK_BYTES // (dtype.itemsize * max(1, width or 1)))):
        _refuse_nulls(batch, count, label)
        flat = batch
        if width is not None:
            flat = batch.flatten()
            fixed = pa.types.is_fixed_size_list(batch.type)
            lengths = np.full(len(batch), batch.type.list_size) if fixed else np.diff(batch.offsets.to_numpy())
            if np.any(lengths != width):
                row = int(np.flatnonzero(lengths != width)[0])
                raise BadInput(
                    f"{label}: row {count + row} (from 0) has {lengths[row]} numbers, row 0 has {width}; "
                    "expected as many in each row"
                )
            if flat.null_count:
                row = int(np.flatnonzero(flat.is_null().to_numpy(zero_copy_only=False))[0]) // width
                raise BadInput(f"{label}: row {count + row} (from 0) lacks a number: fill it in, or leave out that row")
        values = flat.to_numpy(zero_copy_only=False)
        yield values if width is None else values.reshape(len(batch), width)
        count += len(batch)


def _batches(path: Path, column: str, rows: int) -> Iterator[pa.Array]:
    # A stream with a buffer of its own: without, a whole row group, which may be the whole file, is read at once.
    for part in parts(path):
        with pq.ParquetFile(part, buffer_size=1 << 20, pre_buffer=False) as file:
            _kind(file, part, column)
            for batch in file.iter_batches(rows, columns=[column], use_threads=False):
                yield batch.column(column)


def _schema(path: Path) -> pa.Schema:
    return pq.read_schema(parts(path)[0])


def _kind(file: pq.ParquetFile, part: Path, column: str) -> pa.DataType:
    """The type of a column; BadInput where the file has none of that name."""
    schema = file.schema_arrow
    if column not in schema.names:
        raise BadInput(f"'{part}' has no column '{column}', which the first file of its folder has")
    return schema.field(column).type


def _count(part: Path, column: str, kind: pa.DataType, label: str) -> int:
    """The rows of one file; BadInput where its column differs from that of the first, or its rows are too long."""
    with pq.ParquetFile(part) as file:
        found = _kind(file, part, column)
        if (_is_list(found), _value(found)) != (_is_list(kind), _value(kind)):
            raise BadInput(f"{label}: '{part.name}' has {found} where other files have {kind}")
        if _is_list(found):
            groups = _group_sizes(file, column)
            width = max((values // max(1, rows) for rows, values in groups), default=0)
            if pa.types.is_fixed_size_list(found):
                width = max(width, found.list_size)
            _check_width(width, np.dtype(_value(found).to_pandas_dtype()).itemsize, f"{label}: '{part.name}'")
        return file.metadata.num_rows


def _check_sizes(part: Path, column: str, width: int, itemsize: int, label: str) -> None:
    """BadInput, before rows are decoded, where a file holds much more than `width` numbers a row.

    Up to one block more is let pass, since reading it can name the row; fewer numbers do no harm.
    """
    _check_width(width, itemsize, label)
    more = 0
    with pq.ParquetFile(part) as file:
        for number, (rows, values) in enumerate(_group_sizes(file, column)):
            more += max(0, values - rows * width)
            if more * itemsize > BLOCK_BYTES:
                raise BadInput(
                    f"{label}: row group {number} of '{part.name}' has {values:,} numbers in {rows:,} rows, row 0 has "
                    f"{width}; expected as many in each row"
                )


def _check_width(width: int, itemsize: int, label: str) -> None:
    if width * itemsize > _ROW_BYTES:
        raise BadInput(f"{label} has rows of {width:,} numbers: expected {_ROW_BYTES // itemsize:,} at most")


def _group_sizes(file: pq.ParquetFile, column: str) -> list[tuple[int, int]]:
    """The rows of each row group and how many numbers a column of lists has in them, as the file's end says."""
    # The numbers of a list lie below its name by two levels at most ('x.list.element'); 'x.y' may be another column.
    paths = [file.schema.column(number).path for number in range(len(file.schema))]
    below = [n for n, path in enumerate(paths) if f"{path}.".startswith(f"{column}.")]
    below = [n for n in below if paths[n].count(".") - column.count(".") <= 2]
    groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
    return [(group.num_rows, max((group.column(n).num_values for n in below), default=0)) for group in groups]


def _refuse_nulls(batch: pa.Array, count: int, label: str) -> None:
    if batch.null_count:
        row = count + int(np.flatnonzero(batch.is_null().to_numpy(zero_copy_only=False))[0])
        raise BadInput(f"{label}: row {row} (from 0) is empty: expected a value in each, leave out that row")


def _fits(kind: pa.DataType, name: str) -> bool:
    if name in ("embeddings", "codes"):
        value = _value(kind) if _is_list(kind) else pa.null()
        return pa.types.is_uint8(value) if name == "codes" else pa.types.is_floating(value)
    return pa.types.is_integer(kind) or _is_text(kind)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _value(kind: pa.DataType) -> pa.DataType:
    """The type of the numbers of a list, or the type itself."""
    return kind.value_type if _is_list(kind) else kind


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value)
