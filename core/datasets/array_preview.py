"""What a person's files hold and what keeps them from becoming a bundle, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.datasets.array_checks import (
    check_alone,
    check_dimensions,
    check_embeddings,
    check_similarity,
    missing_files,
    sorted_gallery,
    unequal_counts,
    with_splits,
)
from core.datasets.array_classes import name_classes, tree_text
from core.datasets.array_columns import Columns
from core.datasets.array_files import Source, open_array
from core.datasets.array_labels import Labels, read_labels
from core.datasets.array_sources import complete_sources, select_rows
from core.datasets.scratch import Scratch
from core.errors import BadInput
from core.hashing.packing import check_packed
from core.vectors import check_rows

LOOKED = 1000  # rows of embeddings that are looked at
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
    labels: Labels | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Preview:
    """All files; `problems` keep them from being imported, one line each with its mend; `notes` are worth knowing."""

    files: tuple[Seen, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def preview_arrays(
    sources: Mapping[str, Source | None],
    columns: Columns | None = None,
    class_names: str | Path | Sequence[str] | None = None,
    hierarchy_file: str | Path | None = None,
    similarity: str = "cosine",
    codes: bool = True,
) -> Preview:
    """Look at the files of an import, by role: headers, labels and the first rows of embeddings; writes nothing.

    What it finds wrong is what `import_arrays` would refuse; only rows beyond the first are left to that.
    """
    columns = columns or Columns()
    sources = complete_sources(sources, columns, codes)
    with Scratch() as scratch:
        files = tuple(look(key, source, columns, scratch, similarity) for key, source in sources.items())
        problems = _refused(lambda: check_similarity(similarity))
        problems += [seen.problem for seen in files if seen.problem] + list(missing_files(sources))
        good = {seen.key: seen for seen in files if seen.problem is None}
        rows: dict[str, np.ndarray] = {}
        unread = _refused(lambda: rows.update(select_rows(sources, columns, scratch)))
        uneven = list(unequal_counts(with_splits({key: seen.shape[0] for key, seen in good.items()}, rows)))
        problems += [*uneven, *_refused(lambda: _check_dimensions(good)), *unread]
    parts = {} if problems else _split_labels(good, rows)
    notes = _notes(good, columns, rows, parts, similarity)
    names: list[str] = []
    classes: dict[str, np.ndarray] = {}

    def name() -> None:
        check_alone(len(parts["gallery"].numbers), "queries" in parts)
        found, numbers = name_classes(class_names, parts)
        tree_text(hierarchy_file, found, "imported")
        names.extend(found)
        classes.update(numbers)

    problems += _refused(name) if parts else []
    notes += _class_notes(names, classes) if names else []
    shown = {} if uneven else rows  # a split of another length selects nothing
    return Preview(tuple(_of_split(seen, shown) for seen in files), tuple(dict.fromkeys(problems)), tuple(notes))


def look(key: str, source: Source, columns: Columns, scratch: Scratch, similarity: str = "cosine") -> Seen:
    """What one file holds for its role."""
    side, kind = key.split("_")
    what, name = f"{side} {kind}", "an array" if isinstance(source, np.ndarray) else str(source)
    seen = Seen(key, name)
    try:
        if kind == "labels":
            return _look_at_labels(key, name, read_labels(source, what, scratch, columns.labels))
        array = open_array(source, kind, what, scratch, columns.named(kind))
        seen = Seen(key, name, array.column, array.shape, str(array.dtype))
        if kind == "codes":
            check_packed(array.shape, array.dtype, what)
            return Seen(key, name, array.column, array.shape, str(array.dtype), _shown(array.head(_SHOWN_ROWS)))
        check_embeddings(array.shape, array.dtype, what)
        head = array.head(LOOKED)
        check_rows(head, what, similarity == "inner-product")
        lengths = np.linalg.norm(head.astype(np.float64), axis=1)
        norms = (float(lengths.min()), float(np.median(lengths)), float(lengths.max()))
        return Seen(key, name, array.column, array.shape, str(array.dtype), _shown(head[:_SHOWN_ROWS]), norms)
    except BadInput as error:
        return Seen(key, name, seen.column, seen.shape, seen.dtype, problem=str(error))


def _of_split(seen: Seen, rows: Mapping[str, np.ndarray]) -> Seen:
    """What a file that holds both splits has for one of them; its rows are shown once, with the gallery."""
    side = seen.key.split("_")[0]
    if side not in rows or seen.shape is None:
        return seen
    shape = (int(np.count_nonzero(rows[side])), *seen.shape[1:])
    if seen.labels is not None:
        return replace(_look_at_labels(seen.key, seen.source, seen.labels[rows[side]]), shape=shape)
    return replace(seen, shape=shape) if side == "gallery" else replace(seen, shape=shape, rows=(), norms=None)


def _look_at_labels(key: str, name: str, labels: Labels) -> Seen:
    count = len(labels.numbers)
    first = ", ".join(
        labels.names[number] if labels.names else str(number) for number in labels.numbers[: 2 * _SHOWN_VALUES]
    )
    shown = (first + (" …" if count > 2 * _SHOWN_VALUES else ""),)
    different = len(np.unique(labels.numbers))
    return Seen(key, name, labels.column, (count,), labels.dtype, shown, classes=different, labels=labels)


def _shown(head: np.ndarray) -> tuple[str, ...]:
    """The first values of the first rows."""
    if head.ndim < 2:
        return (" ".join(f"{value:.4g}" for value in head),)
    more = " …" if head.shape[1] > _SHOWN_VALUES else ""
    return tuple(" ".join(f"{value:.4g}" for value in row.ravel()[:_SHOWN_VALUES]) + more for row in head)


def _refused(check: Callable[[], object]) -> list[str]:
    """The line of a check that fails, if it does."""
    try:
        check()
    except BadInput as error:
        return [str(error)]
    return []


def _check_dimensions(good: Mapping[str, Seen]) -> None:
    if {"gallery_embeddings", "query_embeddings"} <= good.keys():
        check_dimensions(good["gallery_embeddings"].shape, good["query_embeddings"].shape)


def _split_labels(good: Mapping[str, Seen], rows: Mapping[str, np.ndarray]) -> dict[str, Labels]:
    """The labels of each split that there will be."""
    parts = {}
    for side, split in (("gallery", "gallery"), ("query", "queries")):
        if f"{side}_labels" in good:
            labels = good[f"{side}_labels"].labels
            parts[split] = labels[rows[side]] if side in rows else labels
    return parts


def _notes(
    good: Mapping[str, Seen],
    columns: Columns,
    rows: Mapping[str, np.ndarray],
    parts: Mapping[str, Labels],
    similarity: str,
) -> list[str]:
    """What is worth knowing of the files themselves."""
    notes = []
    wide = [seen for seen in good.values() if seen.dtype == "float64"]
    if wide:
        roles = " and ".join(seen.key.replace("_", " ") for seen in wide)
        notes.append(f"{roles}: float64 will be stored as float32")
    for side, keep in rows.items():
        notes.append(f"{side}: {np.count_nonzero(keep):,} of {len(keep):,} rows, by the column '{columns.split}'")
    if parts and "queries" not in parts:
        notes.append("there are no query files: each image queries all others")
    spread = [seen.norms for seen in good.values() if seen.norms]
    if spread and similarity == "cosine" and _differ(spread):
        notes.append(
            "rows differ in length, which cosine does not count; where it is to count, compare by inner product "
            "(--similarity inner-product)"
        )
    return notes


def _differ(norms: Sequence[tuple[float, float, float]]) -> bool:
    """Whether lengths (least, median, greatest) differ by more than what half precision explains."""
    return max(high for _, _, high in norms) > 1.01 * min(low for low, _, _ in norms)


def _class_notes(names: Sequence[str], classes: Mapping[str, np.ndarray]) -> list[str]:
    """What is worth knowing of the classes."""
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
