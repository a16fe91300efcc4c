"""A person's array out of a .npy, .npz or .parquet file. Pickles and Python objects are refused, never loaded."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from core.errors import BadInput

SUFFIXES = (".npy", ".npz", ".parquet")


def read_array(source: str | Path | np.ndarray, name: str, what: str) -> np.ndarray:
    """The array called `name` ("embeddings", "labels", "codes") in a file, or the file's only one.

    `.npy` comes memory-mapped; `.npz` and `.parquet` are read for that one array or column, of which a
    two-dimensional one is a column of lists. An array is passed through. Raises BadInput, naming `what`.
    """
    if isinstance(source, np.ndarray):
        return _numbers(source, what)
    path = Path(source)
    readers = {".npy": _read_npy, ".npz": _read_npz, ".parquet": _read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadInput(f"{what} '{path}' is no array file: expected a name that ends in {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise BadInput(f"{what} '{path}' is missing: expected a {path.suffix.lower()} file")
    label = f"{what} '{path}'"
    try:
        array = reader(path, name, label)
    except (OSError, ValueError, EOFError, SyntaxError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        if isinstance(error, BadInput):
            raise
        if "pickle" in str(error).lower() or "python objects" in str(error).lower():
            raise _objects(label) from error
        detail = str(error).strip().splitlines()
        raise BadInput(f"{label} cannot be read: {detail[0] if detail else type(error).__name__}") from error
    return _numbers(array, label)


def _read_npy(path: Path, name: str, label: str) -> np.ndarray:
    # open_memmap knows only plain .npy, so a pickle under this name is never loaded
    return np.asarray(np.lib.format.open_memmap(path, mode="r"))


def _read_npz(path: Path, name: str, label: str) -> np.ndarray:
    if not zipfile.is_zipfile(path):
        raise BadInput(f"{label} is no .npz file: it is incomplete or of another kind")
    with np.load(path, allow_pickle=False) as arrays:
        array = arrays[_choose(list(arrays.files), name, label, "array")]
    if not isinstance(array, np.ndarray):
        raise BadInput(f"{label} holds something that is no array: save it with numpy.savez")
    return array


def _read_parquet(path: Path, name: str, label: str) -> np.ndarray:
    import pyarrow as pa  # slow to import: only where a parquet file is read
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:  # one file, not a data set of many
        column = _choose(file.schema_arrow.names, name, label, "column")
        values = file.read(columns=[column]).column(column).combine_chunks()
    if values.null_count:
        raise BadInput(f"{label}, column '{column}': {values.null_count} rows are empty, expected a value in each")
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(is_kind(values.type) for is_kind in lists):
        return _flat(values, f"{label}, column '{column}'")
    flat = _flat(values.flatten(), f"{label}, column '{column}'")
    fixed = pa.types.is_fixed_size_list(values.type)
    lengths = np.full(len(values), values.type.list_size) if fixed else np.diff(values.offsets.to_numpy())
    if len(lengths) and np.any(lengths != lengths[0]):
        row = int(np.flatnonzero(lengths != lengths[0])[0])
        raise BadInput(
            f"{label}, column '{column}': row {row} (from 0) has {lengths[row]} numbers, row 0 has {lengths[0]}"
        )
    return flat.reshape(len(values), lengths[0] if len(lengths) else 0)


def _flat(values: object, label: str) -> np.ndarray:
    import pyarrow as pa

    kind = values.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise BadInput(f"{label} holds {kind}: expected numbers, or lists of numbers")
    if values.null_count:
        raise BadInput(f"{label}: {values.null_count} numbers are missing, expected none")
    return values.to_numpy(zero_copy_only=False)


def _choose(names: list[str], name: str, label: str, kind: str) -> str:
    """The array or column to read: the one called `name`, else the only one."""
    if name in names:
        return name
    if len(names) == 1:
        return names[0]
    listed = ", ".join(names[:8]) or "nothing"
    raise BadInput(f"{label} has no {kind} '{name}': it has {listed}; name it '{name}', or keep only that one")


def _objects(label: str) -> BadInput:
    return BadInput(f"{label} holds Python objects or a pickle, which are never loaded: save it as plain numbers")


def _numbers(array: np.ndarray, label: str) -> np.ndarray:
    if array.dtype.hasobject:
        raise _objects(label)
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise BadInput(f"{label} is of type {array.dtype}: expected numbers of at most 64 bits")
    if array.size == 0:
        raise BadInput(f"{label} is empty, its shape is {array.shape}: expected at least one row")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array
