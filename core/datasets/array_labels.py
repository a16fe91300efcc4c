"""A person's labels: whole numbers or class names, from an array, a column of a .parquet or one of a .csv file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.array_columns import choose_column
from core.datasets.array_file import reading
from core.datasets.array_files import (
    SUFFIXES,
    NamedFile,
    Source,
    check_file,
    kind_of,
    open_array,
    path_of,
    shown_name,
)
from core.datasets.scratch import Scratch
from core.errors import BadInput

MAX_CLASSES = 65_536  # more without class names are ids, not class numbers
LABEL_SUFFIXES = (*SUFFIXES, ".csv")
# A .csv of one column has a header if it starts with one of these; several columns always have one.
_HEADERS = ("label", "labels", "class", "classes", "class_name", "class_label", "target", "y", "split")


@dataclass(frozen=True)
class Labels:
    """Classes int64 (N,). `names` are those that the file has for them, None where they are numbers alone; `text`
    tells that the file holds names, so that the numbers are only our order of them."""

    numbers: np.ndarray
    names: tuple[str, ...] | None = None
    text: bool = False
    column: str | None = None
    dtype: str = ""

    def __getitem__(self, rows: np.ndarray) -> Labels:
        """The labels of some rows; of names in the file, those that are left."""
        numbers, names = self.numbers[rows], self.names
        if self.text and names is not None:
            used, numbers = np.unique(numbers, return_inverse=True)
            names = tuple(names[number] for number in used)
        return Labels(numbers, names, self.text, self.column, self.dtype)

    def shown(self, row: int) -> str:
        """The label of a row as the file has it."""
        return self.names[self.numbers[row]] if self.text and self.names is not None else str(self.numbers[row])


def read_labels(source: Source, what: str, scratch: Scratch, column: str | None = None, name: str = "labels") -> Labels:
    """Labels of each row; `name` is what the column is for, "labels" or "split". Raises BadInput, naming `what`."""
    if isinstance(source, np.ndarray):
        return _of_array(open_array(source, name, what, scratch).load(scratch), what, None)
    path = check_file(source, what, LABEL_SUFFIXES)
    label = f"{what} '{shown_name(source)}'"
    if kind_of(path) == ".csv":
        with reading(label):
            return _of_cells(*_read_csv(source, name, column, label), label)
    if kind_of(path) == ".parquet":
        with reading(label):
            from core.datasets import parquet  # pyarrow is slow to import

            every = parquet.column_names(path)
            column = choose_column(name, column, every, parquet.fitting_columns(path, name), label, "column")
            if parquet.is_text(path, column):
                return _of_names(*parquet.read_text(path, column, label), column, label)
            names = parquet.class_label_names(path, column)
            labels = _of_array(open_array(source, name, what, scratch, column).load(scratch), label, column)
            return labels if names is None else _with_names(labels, names, label)
    array = open_array(source, name, what, scratch, column)
    return _of_array(array.load(scratch), array.label, array.column)


def csv_columns(path: Path) -> tuple[str, ...]:
    """The columns of a .csv file that has a header; none where it has not, or is no text."""
    try:
        with reading(str(path)):
            first = next(_rows(path), [])
    except BadInput:
        return ()
    return tuple(first) if _is_header(first, None) else ()


def _of_array(array: np.ndarray, label: str, column: str | None) -> Labels:
    if array.ndim != 1:
        raise BadInput(
            f"{label} are of shape {array.shape}: expected (N,), one class a row"
            + ("; are embeddings and labels swapped?" if array.dtype.kind == "f" and array.ndim == 2 else "")
        )
    if array.dtype.kind == "U":
        names, numbers = np.unique(array, return_inverse=True)
        return _of_names(numbers, names.tolist(), column, label)
    if array.dtype.kind not in "iu":
        raise BadInput(f"{label} are of type {array.dtype}: expected integers, class numbers from 0, or class names")
    return Labels(_check_range(array, label), None, False, column, str(array.dtype))


def _check_range(array: np.ndarray, label: str) -> np.ndarray:
    bad = np.flatnonzero((array < 0) | (array >= MAX_CLASSES))
    if len(bad):
        row = bad[0]
        raise BadInput(f"{label}: row {row} (from 0) is {array[row]}, expected class numbers 0 to {MAX_CLASSES - 1}")
    return array.astype(np.int64)


def _of_names(numbers: np.ndarray, names: list[str], column: str | None, label: str) -> Labels:
    """Text as classes: whole numbers if all of it is, else names, numbered in their order, not as they appear."""
    if not len(numbers):
        raise BadInput(f"{label} is empty: expected a label for each image")
    stripped = [name.strip() for name in names]
    if "" in stripped:
        row = int(np.flatnonzero(numbers == stripped.index(""))[0])
        raise BadInput(f"{label}: row {row} (from 0) is empty: expected a class name in each")
    if all(name.isascii() and name.isdecimal() and len(name) < 19 for name in stripped):
        values = np.array([int(name) for name in stripped], np.int64)[numbers]
        return Labels(_check_range(values, label), None, False, column, "whole numbers")
    if len(names) > MAX_CLASSES:
        raise BadInput(f"{label}: {len(names)} different names, expected {MAX_CLASSES} classes at most; are they ids?")
    order = sorted(set(stripped))
    place = {name: number for number, name in enumerate(order)}
    return Labels(np.array([place[name] for name in stripped])[numbers], tuple(order), True, column, "text")


def _with_names(labels: Labels, names: list[str], label: str) -> Labels:
    """The names of a ClassLabel column; those that occur twice (ImageNet has two cranes) get their number too."""
    if labels.numbers.max() >= len(names):
        row = int(np.argmax(labels.numbers))
        raise BadInput(f"{label}: row {row} (from 0) is {labels.numbers[row]}, the schema names {len(names)} classes")
    counts = Counter(names)
    unique = [f"{name} ({number})" if counts[name] > 1 else name for number, name in enumerate(names)]
    return Labels(labels.numbers, tuple(unique), False, labels.column, f"{labels.dtype}, named")


def _of_cells(cells: list[str], column: str | None, label: str) -> Labels:
    places: dict[str, int] = {}
    numbers = np.array([places.setdefault(cell, len(places)) for cell in cells], np.int64)
    return _of_names(numbers, list(places), column, label)


def _rows(source: str | Path | NamedFile) -> Iterator[list[str]]:
    """Rows of a .csv file, cells stripped; its delimiter is the first of , ; and tab that its first line has."""
    try:
        with path_of(source).open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            delimiter = next((mark for mark in ",;\t" if mark in first), ",")
            file.seek(0)
            for row in csv.reader(file, delimiter=delimiter):
                if row:
                    yield [cell.strip() for cell in row]
    except (UnicodeDecodeError, csv.Error) as error:
        name = Path(shown_name(source)).name
        raise BadInput(f"'{name}' is no text of UTF-8 with one row an image: {error}") from error


def _is_header(row: list[str], column: str | None) -> bool:
    return len(row) > 1 or bool(row and (row[0] == column or row[0].lower() in _HEADERS))


def _read_csv(
    source: str | Path | NamedFile, name: str, column: str | None, label: str
) -> tuple[list[str], str | None]:
    rows = _rows(source)
    first = next(rows, [])
    if not _is_header(first, column):
        if column is not None:
            raise BadInput(f"{label} has no column '{column}': its first line is '{first[0] if first else ''}'")
        return [first[0], *(row[0] for row in rows)] if first else [], None
    if len(set(first)) < len(first) or all(cell.isdecimal() for cell in first):
        raise BadInput(
            f"{label}: its first line '{','.join(first)[:80]}' is no header: expected names of columns there"
        )
    chosen = choose_column(name, column, first, first, label, "column")
    place = first.index(chosen)
    cells: list[str] = []
    for row in rows:
        if len(row) != len(first):
            raise BadInput(f"{label}: row {len(cells)} (from 0) has {len(row)} cells, the header {len(first)}")
        cells.append(row[place])
    return cells, chosen
