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
from core.datasets.array_files import BLOCK_BYTES, ArrayFile
from core.errors import BadInput


def parts(path: Path) -> list[Path]:
    """The file, or the .parquet files of a folder; BadInput for one that is empty or leads out of the folder."""
    if not path.is_dir():
        return [path]
    found, root = sorted(path.glob("*.parquet")), path.resolve()
    if not found:
        raise BadInput(f"folder '{path}' holds no .parquet file: name a folder with some, or a file")
    for part in found:
        if root not in part.resolve().parents:
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
    value = kind.value_type if _is_list(kind) else kind
    if not _is_number(value):
        raise BadInput(f"{label} holds {value}: expected numbers, or lists of numbers")
    rows = sum(_count(part, column, value, label) for part in parts(path))
    dtype = np.dtype(value.to_pandas_dtype())
    if not _is_list(kind) or not rows:
        return ArrayFile(label, column, (rows,), dtype, lambda: _blocks(path, column, label, None, dtype))
    first = next(_batches(path, column, 1))
    _refuse_nulls(first, 0, label)
    width = len(first.flatten())
    return ArrayFile(label, column, (rows, width), dtype, lambda: _blocks(path, column, label, width, dtype))


def read_text(path: Path, column: str, label: str) -> tuple[np.ndarray, list[str]]:
    """A column of text as numbers int64 (N,) and the text that each stands for, in order of appearance.

    The text of one block of rows at a time is in memory, and each value once.
    """
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
    """Names of the classes of a ClassLabel column, as the `datasets` library keeps them in the schema; else None."""
    try:
        info = json.loads((_schema(path).metadata or {}).get(b"huggingface", b"{}"))
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
            if column not in file.schema_arrow.names:
                raise BadInput(f"'{part}' has no column '{column}', which the first file of its folder has")
            for batch in file.iter_batches(rows, columns=[column], use_threads=False):
                yield batch.column(column)


def _schema(path: Path) -> pa.Schema:
    return pq.read_schema(parts(path)[0])


def _count(part: Path, column: str, value: pa.DataType, label: str) -> int:
    """The rows of one file; BadInput where its column differs from that of the others."""
    with pq.ParquetFile(part) as file:
        schema = file.schema_arrow
        kind = schema.field(column).type if column in schema.names else None
        if kind is None or (kind.value_type if _is_list(kind) else kind) != value:
            raise BadInput(f"{label}: '{part.name}' has {kind or 'no such column'} where other files have {value}")
        return file.metadata.num_rows


def _refuse_nulls(batch: pa.Array, count: int, label: str) -> None:
    if batch.null_count:
        row = count + int(np.flatnonzero(batch.is_null().to_numpy(zero_copy_only=False))[0])
        raise BadInput(f"{label}: row {row} (from 0) is empty: expected a value in each, leave out that row")


def _fits(kind: pa.DataType, name: str) -> bool:
    if name in ("embeddings", "codes"):
        value = kind.value_type if _is_list(kind) else pa.null()
        return pa.types.is_uint8(value) if name == "codes" else pa.types.is_floating(value)
    return pa.types.is_integer(kind) or _is_text(kind)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value)
