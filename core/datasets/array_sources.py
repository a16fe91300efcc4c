"""Which file gives which array: one file may hold several, and both the gallery and the queries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.datasets.array_columns import Columns, find_column
from core.datasets.array_files import NamedFile, Source, array_names, kind_of, path_of, shown_name
from core.datasets.array_labels import Labels, csv_columns, read_labels
from core.datasets.scratch import Scratch
from core.errors import BadInput

SPLITS = {"gallery": "gallery", "query": "queries"}  # by side, as arguments of `import_arrays` name it


def complete_sources(sources: Mapping[str, Source | None], columns: Columns, codes: bool) -> dict[str, Source]:
    """The given files by role, with what lies in the same file as the embeddings: labels, and codes if asked for.

    With a split column the queries come from the gallery's file. Roles are arguments of `import_arrays`.
    """
    found = {key: source for key, source in sources.items() if source is not None}
    if columns.split is not None and "query_embeddings" not in found and "gallery_embeddings" in found:
        for kind in ("embeddings", "labels", "codes"):
            if f"gallery_{kind}" in found:
                found.setdefault(f"query_{kind}", found[f"gallery_{kind}"])
    for side in SPLITS:
        source = found.get(f"{side}_embeddings")
        if source is None or isinstance(source, np.ndarray):
            continue
        for kind in ("labels", "codes") if codes else ("labels",):
            if f"{side}_{kind}" not in found and _holds(path_of(source), kind, columns):
                found[f"{side}_{kind}"] = source
    # Codes that nobody asked for are of no use on one side alone.
    if "query_embeddings" in found and "query_codes" not in found and sources.get("gallery_codes") is None:
        found.pop("gallery_codes", None)
    if "gallery_codes" not in found and sources.get("query_codes") is None:
        found.pop("query_codes", None)
    return found


def fitting_names(path: Path, kind: str) -> tuple[str, ...]:
    """The arrays or columns of a file whose type suits "embeddings", "labels", "codes" or "split"."""
    if kind_of(path) == ".csv":
        return csv_columns(path) if kind in ("labels", "split") else ()
    return array_names(path, kind)


def select_rows(sources: Mapping[str, Source], columns: Columns, scratch: Scratch) -> dict[str, np.ndarray]:
    """The rows bool (N,) of the gallery and of the queries, by side; empty without a split column. Raises BadInput."""
    if columns.split is None:
        if columns.gallery is not None or columns.queries is not None:
            raise BadInput(
                "a gallery or query split without the column that tells it: ", "name one", "split-without-column"
            )
        return {}
    queries, gallery = sources.get("query_embeddings"), sources.get("gallery_embeddings")
    if queries is not gallery and (isinstance(queries, np.ndarray) or str(queries) != str(gallery)):
        raise BadInput("a split column and query embeddings: give one file with both splits, or two without a column")
    split = _read_split(sources, columns.split, scratch)
    there = _counts(split)
    chosen = {"gallery": columns.gallery or "train", "query": columns.queries or "test"}
    listed = ", ".join(f"{value} ({count:,} rows)" for value, count in list(there.items())[:8])
    for side, value in chosen.items():
        if value not in there:
            problem = f"split column '{columns.split}' has no '{value}' for the {side}: it has {listed}; "
            raise BadInput(problem, "name one of those", "unknown-split", side=side, value=value, values=tuple(there))
    if chosen["gallery"] == chosen["query"]:
        problem = f"split '{chosen['gallery']}' for both: "
        raise BadInput(problem, "name another one, or no split column", "one-split-for-both", value=chosen["gallery"])
    numbers = {value: split.names.index(value) if split.names else int(value) for value in there}
    return {side: split.numbers == numbers[value] for side, value in chosen.items()}


def split_counts(source: str | Path | NamedFile, column: str) -> dict[str, int]:
    """The values of a split column and how many rows have each; BadInput for a column that cannot be read."""
    with Scratch() as scratch:
        return _counts(read_labels(source, "split", scratch, column, "split"))


def _counts(split: Labels) -> dict[str, int]:
    counts = np.bincount(split.numbers)
    return {split.names[n] if split.names else str(n): int(counts[n]) for n in np.flatnonzero(counts)}


def _read_split(sources: Mapping[str, Source], column: str, scratch: Scratch) -> Labels:
    """The split column, in the file of the embeddings or that of the labels."""
    for key in ("gallery_embeddings", "gallery_labels"):
        source = sources.get(key)
        if isinstance(source, str | Path | NamedFile) and column in fitting_names(path_of(source), "split"):
            return read_labels(source, "split", scratch, column, "split")
    named = [shown_name(sources[key]) for key in ("gallery_embeddings", "gallery_labels") if key in sources]
    raise BadInput(f"there is no split column '{column}' of text or numbers in {' or '.join(dict.fromkeys(named))}")


def _holds(path: Path, kind: str, columns: Columns) -> bool:
    """Whether a file of embeddings has this kind too; never its only array, which is the embeddings."""
    every = array_names(path)
    if len(every) < 2:
        return False
    if kind == "codes":  # by name alone: attributes or masks of other kinds are uint8 (N, w) too
        return (columns.codes or "codes") in every
    fit = fitting_names(path, kind)
    if kind == "labels" and (columns.labels is not None or len(fit) > 1):
        return True  # where the choice is not clear, reading it says between what
    return find_column(kind, columns.named(kind), every, fit) is not None
