"""The files of an import, opened and held against every rule: what a preview tells is what an import refuses.

Of embeddings and codes only headers and the first rows are read here; the import itself checks all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from core.bundle.vectors import COSINE, check_rows, check_similarity
from core.datasets.array_checks import (
    bad_options,
    check_alone,
    check_dimensions,
    check_embeddings,
    missing_files,
    unequal_counts,
    with_splits,
)
from core.datasets.array_classes import name_classes, tree_text
from core.datasets.array_columns import Columns
from core.datasets.array_file import ArrayFile
from core.datasets.array_files import NamedFile, Source, open_array, shown_name
from core.datasets.array_labels import Labels, read_labels
from core.datasets.array_sources import SPLITS, complete_sources, select_rows
from core.datasets.scratch import Scratch
from core.errors import BadInput
from core.hashing.packing import check_packed, check_width

LOOKED = 1000  # rows of embeddings that are looked at before an import
TREE = "imported"  # what the class tree is called


@dataclass(frozen=True)
class ImportOptions:
    """How files become a bundle; as the arguments of `import_arrays`. With `bits_later` codes are looked at, but of
    what length they are will be asked once their width is known."""

    columns: Columns = field(default_factory=Columns)
    class_names: str | Path | NamedFile | Sequence[str] | None = None
    hierarchy_file: str | Path | NamedFile | None = None
    similarity: str = COSINE
    bits: int | None = None
    shuffle: int | None = None
    bits_later: bool = False


@dataclass(frozen=True)
class Opened:
    """One file in its role (an argument of `import_arrays`): `labels` read, embeddings and codes an `array` not yet.

    `head` are the array's first rows, of its split alone where a column tells it; `problem` says why the file cannot
    be used, with the mend.
    """

    key: str
    source: str
    array: ArrayFile | None = None
    labels: Labels | None = None
    head: np.ndarray | None = field(default=None, repr=False)
    problem: str | None = None

    @property
    def rows(self) -> int:
        """How many the file has."""
        if self.labels is not None:
            return len(self.labels.numbers)
        assert self.array is not None  # asked of files without a problem alone
        return self.array.shape[0]


@dataclass(frozen=True)
class Intake:
    """All files by role; `rows` bool (N,) those of each side where a column tells it. Where there is no problem, also
    the classes: their `names`, those of each split int64 (N,), and the text of the `tree`."""

    files: Mapping[str, Opened]
    rows: Mapping[str, np.ndarray]
    problems: tuple[str, ...]
    names: list[str] = field(default_factory=list)
    classes: Mapping[str, np.ndarray] = field(default_factory=dict)
    tree: bytes = b""


def take_in(sources: Mapping[str, Source | None], options: ImportOptions, scratch: Scratch) -> Intake:
    """Open the files of roles and what lies in them, hold all against the rules; never BadInput, but `problems`.

    Class names and the tree are looked at where the arrays go together.
    """
    columns, bits = options.columns, options.bits
    sources = complete_sources(sources, columns, options.bits_later or bits is not None)
    rows: dict[str, np.ndarray] = {}
    split = _refused(lambda: rows.update(select_rows(sources, columns, scratch)))
    files = {}
    for key, source in sources.items():
        files[key] = _open(key, source, options, rows.get(key.split("_")[0]), scratch)
    good = {key: opened for key, opened in files.items() if opened.problem is None}
    problems = _refused(lambda: check_similarity(options.similarity))
    problems += [opened.problem for opened in files.values() if opened.problem]
    problems += [*missing_files(sources), *bad_options(() if options.bits_later else sources, bits, options.shuffle)]
    problems += unequal_counts(with_splits({key: opened.rows for key, opened in good.items()}, rows))
    problems += _unlike(good, bits) + split
    if problems:
        return Intake(files, rows, tuple(dict.fromkeys(problems)))
    try:
        check_alone(good["gallery_embeddings"].rows, "query_embeddings" in good)
        names, classes = name_classes(options.class_names, _split_labels(good, rows))
        return Intake(files, rows, (), names, classes, tree_text(options.hierarchy_file, names, TREE))
    except BadInput as error:
        return Intake(files, rows, (error.message,))


def _open(key: str, source: Source, options: ImportOptions, rows: np.ndarray | None, scratch: Scratch) -> Opened:
    """One file in its role; `rows` bool (N,) are those of its split, None for all."""
    kind, what = key.split("_")[1], key.replace("_", " ")
    name, array = shown_name(source), None
    try:
        if kind == "labels":
            return Opened(key, name, labels=read_labels(source, what, scratch, options.columns.labels))
        array = open_array(source, kind, what, scratch, options.columns.named(kind))
        if kind == "codes":
            check_packed(array.shape, array.dtype, what)
        else:
            check_embeddings(array.shape, array.dtype, what)
        head = array.head(LOOKED)
        if rows is not None and len(rows) == array.shape[0]:
            head = head[rows[: len(head)]]
        if kind == "embeddings":
            check_rows(head, what, options.similarity)
        return Opened(key, name, array, head=head)
    except BadInput as error:
        return Opened(key, name, array, problem=error.message)


def _refused(check: Callable[[], object]) -> list[str]:
    """The line of a check that fails, if it does."""
    try:
        check()
    except BadInput as error:
        return [error.message]
    return []


def _unlike(good: Mapping[str, Opened], bits: int | None) -> list[str]:
    """What keeps arrays that are good by themselves from going together: dimensions of both sides, width of codes."""
    shapes = {key: opened.array.shape for key, opened in good.items() if opened.array is not None}
    problems = []
    if {"gallery_embeddings", "query_embeddings"} <= shapes.keys():
        problems += _refused(lambda: check_dimensions(shapes["gallery_embeddings"], shapes["query_embeddings"]))
    for key, shape in shapes.items():
        if key.endswith("_codes") and bits is not None:
            problems += _refused(partial(check_width, shape, bits, key.replace("_", " ")))
    return problems


def _split_labels(good: Mapping[str, Opened], rows: Mapping[str, np.ndarray]) -> dict[str, Labels]:
    """The labels of each split that there will be."""
    parts = {}
    for side, split in SPLITS.items():
        labels = good[f"{side}_labels"].labels if f"{side}_labels" in good else None
        if labels is not None:
            parts[split] = labels[rows[side]] if side in rows else labels
    return parts
