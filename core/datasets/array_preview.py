"""What a person's files hold and what keeps them from becoming a bundle, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.bundle.vectors import COSINE
from core.datasets.array_checks import sorted_gallery
from core.datasets.array_columns import Columns
from core.datasets.array_files import NamedFile, Source
from core.datasets.array_intake import ImportOptions, Intake, Opened, take_in
from core.datasets.array_labels import Labels
from core.datasets.scratch import Scratch
from core.errors import Message

_SHOWN_ROWS, _SHOWN_VALUES = 3, 6


@dataclass(frozen=True)
class Seen:
    """What a file holds for a role (an argument of `import_arrays`). `norms` are the least, median and greatest length
    of its first rows, `classes` the number of different labels, `problem` why it cannot be used, with the mend."""

    key: str
    source: str
    column: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    rows: tuple[str, ...] = ()
    norms: tuple[float, float, float] | None = None
    classes: int | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Preview:
    """All files; `problems` keep them from being imported, one line each with its mend; `notes` are worth knowing.

    Lines that a front end words are a `core.errors.Message`.
    """

    files: tuple[Seen, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def preview_arrays(
    sources: Mapping[str, Source | None],
    columns: Columns | None = None,
    class_names: str | Path | NamedFile | Sequence[str] | None = None,
    hierarchy_file: str | Path | NamedFile | None = None,
    similarity: str = COSINE,
    bits: int | None = None,
    shuffle: int | None = None,
    bits_later: bool = True,
) -> Preview:
    """Look at the files of an import, by role: headers, labels and the first rows of embeddings; writes nothing.

    What it finds wrong is what `import_arrays` would refuse; only rows beyond the first are left to that. Without
    `bits_later` codes go with their bits, as they do there.
    """
    later = bits_later and bits is None
    options = ImportOptions(columns or Columns(), class_names, hierarchy_file, similarity, bits, shuffle, later)
    with Scratch() as scratch:
        taken = take_in(sources, options, scratch)
        files = tuple(_seen(opened, taken.rows.get(opened.key.split("_")[0])) for opened in taken.files.values())
    notes = _notes(files, options, taken)
    return Preview(files, taken.problems, tuple(notes + _class_notes(taken.names, taken.classes)))


def _seen(opened: Opened, rows: np.ndarray | None) -> Seen:
    """What is shown of a file; of one that holds both splits, what it has for its own (`rows` bool (N,))."""
    key, name = opened.key, opened.source
    if rows is not None and opened.problem is None and len(rows) != opened.rows:
        rows = None  # a split of another length selects nothing
    if opened.labels is not None:
        return _of_labels(key, name, opened.labels if rows is None else opened.labels[rows])
    if opened.array is None:
        return Seen(key, name, problem=opened.problem)
    array = opened.array
    if opened.problem is not None:
        return Seen(key, name, array.column, array.shape, str(array.dtype), problem=opened.problem)
    shape = array.shape if rows is None else (int(np.count_nonzero(rows)), *array.shape[1:])
    norms = None
    assert opened.head is not None  # read with an array that has no problem
    if key.endswith("_embeddings") and len(opened.head):
        lengths = np.linalg.norm(opened.head.astype(np.float64), axis=1)
        norms = (float(lengths.min()), float(np.median(lengths)), float(lengths.max()))
    return Seen(key, name, array.column, shape, str(array.dtype), _shown(opened.head[:_SHOWN_ROWS]), norms)


def _of_labels(key: str, name: str, labels: Labels) -> Seen:
    count = len(labels.numbers)
    first = ", ".join(
        labels.names[number] if labels.names else str(number) for number in labels.numbers[: 2 * _SHOWN_VALUES]
    )
    shown = (first + (" …" if count > 2 * _SHOWN_VALUES else ""),)
    return Seen(key, name, labels.column, (count,), labels.dtype, shown, classes=len(np.unique(labels.numbers)))


def _shown(head: np.ndarray) -> tuple[str, ...]:
    """The first values of the first rows."""
    if head.ndim < 2:
        return (" ".join(f"{value:.4g}" for value in head),)
    more = " …" if head.shape[1] > _SHOWN_VALUES else ""
    return tuple(" ".join(f"{value:.4g}" for value in row.ravel()[:_SHOWN_VALUES]) + more for row in head)


def _notes(files: Sequence[Seen], options: ImportOptions, taken: Intake) -> list[str]:
    """What is worth knowing of the files themselves."""
    notes: list[str] = []
    good = [seen for seen in files if seen.problem is None]
    wide = [seen for seen in good if seen.dtype == "float64"]
    if wide:
        roles = " and ".join(seen.key.replace("_", " ") for seen in wide)
        notes.append(f"{roles}: float64 will be stored as float32")
    for side, keep in taken.rows.items():
        notes.append(
            f"{side}: {np.count_nonzero(keep):,} of {len(keep):,} rows, by the column '{options.columns.split}'"
        )
    if not taken.problems and "query_embeddings" not in taken.files:
        notes.append("there are no query files: each image queries all others")
    spread = [seen.norms for seen in good if seen.norms]
    if spread and options.similarity == COSINE and _differ(spread):
        line = "rows differ in length, which cosine does not count; where it is to count, "
        notes.append(Message(line, "compare by inner product", "lengths-differ"))
    return notes


def _differ(norms: Sequence[tuple[float, float, float]]) -> bool:
    """Whether lengths (least, median, greatest) differ by more than what half precision explains."""
    return max(high for _, _, high in norms) > 1.01 * min(low for low, _, _ in norms)


def _class_notes(names: Sequence[str], classes: Mapping[str, np.ndarray]) -> list[str]:
    """What is worth knowing of the classes, where they are known."""
    if not names:
        return []
    notes = []
    present = np.bincount(classes["gallery"], minlength=len(names)) > 0
    empty = int(np.count_nonzero(~present))
    if empty:
        notes.append(f"{empty:,} of {len(names):,} classes have no image in the gallery")
    if "queries" in classes:
        lonely = int(np.count_nonzero(~present[classes["queries"]]))
        if lonely:
            notes.append(f"{lonely:,} queries are of a class that the gallery does not have: they will count 0")
    warning = sorted_gallery(classes["gallery"])
    return [*notes, warning] if warning else notes
