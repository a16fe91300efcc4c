"""A person's array in a .npy, .npz or .parquet file. Pickles and Python objects are refused, never loaded."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from core.datasets.array_columns import choose_column
from core.datasets.array_file import BLOCK_BYTES, UNREADABLE, ArrayFile, python_objects, reading
from core.datasets.scratch import Scratch, open_npy
from core.errors import BadInput

SUFFIXES = (".npy", ".npz", ".parquet")


@dataclass(frozen=True)
class NamedFile:
    """A file that lies under another name than its owner's, as an upload does; messages say `name`."""

    path: Path
    name: str


Source = str | Path | NamedFile | np.ndarray


def path_of(source: str | Path | NamedFile) -> Path:
    """Where a file lies."""
    return source.path if isinstance(source, NamedFile) else Path(source)


def shown_name(source: Source) -> str:
    """What messages call a file, or an array at hand."""
    if isinstance(source, np.ndarray):
        return "an array"
    return source.name if isinstance(source, NamedFile) else str(source)


def open_array(source: Source, name: str, what: str, scratch: Scratch, column: str | None = None) -> ArrayFile:
    """The array for `name` ("embeddings", "labels", "codes") in a file; an array at hand is one too.

    `column` names it inside .npz and .parquet; without, `array_columns` says which is taken. Only headers are read,
    and of a .npz that one array is put on disk. Raises BadInput, naming `what`.
    """
    if isinstance(source, np.ndarray):
        return _of_array(source, what, None)
    path = check_file(source, what, SUFFIXES)
    label = f"{what} '{shown_name(source)}'"
    with reading(label):
        if kind_of(path) == ".npy":
            return _of_array(open_npy(path, shown_name(source)), label, None)
        if kind_of(path) == ".npz":
            return _open_npz(path, name, column, label, scratch)
        from core.datasets.parquet import open_parquet  # pyarrow is slow to import

        return checked(open_parquet(path, name, column, label))


def check_file(source: str | Path | NamedFile, what: str, suffixes: tuple[str, ...]) -> Path:
    """The path of a file that is there and of a known kind, or of a folder; BadInput otherwise."""
    path, shown = path_of(source), shown_name(source)
    if path.is_dir():
        return path
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise BadInput(f"{what} '{shown}' is no array file: expected a name that ends in {', '.join(suffixes)}")
    if not path.is_file():
        raise BadInput(f"{what} '{shown}' is missing: expected a {suffix} file")
    if not path.stat().st_size:
        raise BadInput(f"{what} '{shown}' is empty, 0 bytes: expected a {suffix} file; save or upload it again")
    return path


def kind_of(path: Path) -> str:
    """The suffix that says how a file is read; a folder is one of .parquet files."""
    return ".parquet" if path.is_dir() else path.suffix.lower()


def array_names(path: Path, kind: str | None = None) -> tuple[str, ...]:
    """The arrays of a .npz or the columns of a .parquet file; none for another or an unreadable one.

    With a kind only those whose type suits "embeddings", "labels", "codes" or "split".
    """
    try:
        with reading(""):
            if kind_of(path) == ".npz":
                with zipfile.ZipFile(path) as file:
                    return tuple(_members(file)) if kind is None else _fitting_members(file, kind)
            if kind_of(path) == ".parquet":
                from core.datasets.parquet import column_names, fitting_columns

                return column_names(path) if kind is None else fitting_columns(path, kind)
    except BadInput:
        pass
    return ()


def checked(array: ArrayFile) -> ArrayFile:
    """The same; BadInput unless it holds plain numbers, and some."""
    if array.dtype.hasobject:
        raise python_objects(array.label)
    if array.dtype.kind not in "iufU" or (array.dtype.kind != "U" and array.dtype.itemsize > 8):
        raise BadInput(f"{array.label} is of type {array.dtype}: expected numbers of at most 64 bits")
    if 0 in array.shape or not array.shape:
        raise BadInput(f"{array.label} is empty, its shape is {array.shape}: expected at least one row")
    return array


def _of_array(array: np.ndarray, label: str, column: str | None) -> ArrayFile:
    def blocks() -> Iterator[np.ndarray]:
        rows = max(1, BLOCK_BYTES // max(1, array.dtype.itemsize * int(np.prod(array.shape[1:]))))
        for first in range(0, len(array), rows):
            yield array[first : first + rows]

    return checked(ArrayFile(label, column, array.shape, array.dtype, blocks, array))


def _members(file: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in file.namelist()]


def _fitting_members(file: zipfile.ZipFile, kind: str) -> tuple[str, ...]:
    """The arrays whose header tells a type that suits a kind."""
    found = []
    for entry in file.infolist():
        with file.open(entry) as member:
            try:
                shape, dtype = _header(member)
            except UNREADABLE:
                continue
        wanted = {"embeddings": ("f", 2), "codes": ("u", 2)}.get(kind, ("iuU", 1))
        if dtype.kind in wanted[0] and len(shape) == wanted[1] and (kind != "codes" or dtype == np.uint8):
            found.append(entry.filename.removesuffix(".npy"))
    return tuple(found)


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of a .npy file, which is read up to its numbers."""
    read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    shape, _, dtype = read[np.lib.format.read_magic(member)[0]](member)
    return shape, dtype


def _check_member(file: zipfile.ZipFile, entry: zipfile.ZipInfo, label: str, name: str) -> None:
    """BadInput, before it is unpacked, unless an array takes as many bytes as its header says."""
    with file.open(entry) as member:
        try:
            shape, dtype = _header(member)
        except ValueError as error:
            raise BadInput(f"{label} holds '{name}', which is no array: save it with numpy.savez") from error
        if dtype.hasobject:
            raise python_objects(label)
        wanted = member.tell() + math.prod(shape) * dtype.itemsize
    if entry.file_size != wanted:
        raise BadInput(
            f"{label}: '{name}' of shape {shape} unpacks to {entry.file_size:,} bytes, expected {wanted:,}: "
            "it is damaged, save it again"
        )


def _open_npz(path: Path, name: str, column: str | None, label: str, scratch: Scratch) -> ArrayFile:
    if not zipfile.is_zipfile(path):
        raise BadInput(f"{label} is no .npz file: it is incomplete or of another kind")
    with zipfile.ZipFile(path) as file:
        names = _members(file)
        chosen = choose_column(name, column, names, _fitting_members(file, name), label, "array")
        entry = file.infolist()[names.index(chosen)]
        _check_member(file, entry, label, chosen)
        with file.open(entry) as member:
            array = scratch.copy_npy(member, entry.file_size)
    return _of_array(array, label, chosen)
