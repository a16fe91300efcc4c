"""The class names and the class tree that come with imported arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.bundle import hierarchy as trees
from core.datasets.array_files import NamedFile, path_of, shown_name
from core.datasets.array_labels import Labels
from core.errors import BadInput


def name_classes(
    source: str | Path | NamedFile | Sequence[str] | None, parts: Mapping[str, Labels]
) -> tuple[list[str], dict[str, np.ndarray]]:
    """The class names, and the classes int64 (N,) of each split by their places among them.

    Names are those given; else those in the files, of all splits together; else the numbers 0 to the largest label.
    BadInput for a label that has no name, and where one split has names and another has only numbers.
    """
    if source is not None:
        names = _check_names(_read_names(source) if isinstance(source, str | Path | NamedFile) else list(source))
    elif all(labels.names is None for labels in parts.values()):
        names = [str(label) for label in range(max(int(labels.numbers.max()) for labels in parts.values()) + 1)]
    else:
        names = _joined(parts)
    return names, {split: _places(split, labels, names, source is not None) for split, labels in parts.items()}


def _joined(parts: Mapping[str, Labels]) -> list[str]:
    """The names of all splits: in the schema's order where there is one, else sorted."""
    if any(labels.text for labels in parts.values()):
        plain = [split for split, labels in parts.items() if labels.names is None]
        if plain:
            raise BadInput(
                f"labels of the {plain[0]} are numbers, those of the other split class names: "
                "give names in both, or numbers in both with a file of class names"
            )
    every = [labels.names for labels in parts.values() if labels.names is not None]
    names = list(dict.fromkeys(name for group in every for name in group))
    return sorted(names) if all(labels.text for labels in parts.values()) else names


def _places(split: str, labels: Labels, names: list[str], given: bool) -> np.ndarray:
    """The class of each row as its place in `names`."""
    if labels.names is not None and (labels.text or not given):
        place = {name: number for number, name in enumerate(names)}
        unknown = [name for name in labels.names if name not in place]
        if unknown:
            row = int(np.flatnonzero(labels.numbers == labels.names.index(unknown[0]))[0])
            raise BadInput(
                f"{split}: row {row} (from 0) has the label '{unknown[0]}', "
                f"which is none of the {len(names)} class names"
            )
        return np.array([place[name] for name in labels.names], np.int64)[labels.numbers]
    bad = np.flatnonzero(labels.numbers >= len(names))
    if len(bad):
        raise BadInput(
            f"{split}: row {bad[0]} (from 0) has the label {labels.numbers[bad[0]]}, which has no class name: "
            f"there are {len(names)} names, for 0 to {len(names) - 1}"
        )
    return labels.numbers


def _check_names(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    for line, name in enumerate(names, start=1):
        if not name:
            raise BadInput(f"class names: line {line} is empty, expected one name a line")
        if name in seen:
            raise BadInput(f"class names: '{name}' is on line {seen[name]} and on line {line}")
        seen[name] = line
    if not names:
        raise BadInput("class names: there is none, expected one a line")
    return names


def _read_names(source: str | Path | NamedFile) -> list[str]:
    try:
        text = path_of(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the class names '{shown_name(source)}': {error}") from error
    return [line.strip() for line in text.rstrip().splitlines()]


def tree_text(source: str | Path | NamedFile | None, names: list[str], tree_name: str) -> bytes:
    """The text of the class tree, UTF-8: the file's once it has been checked, else all classes under one root."""
    if source is None:
        root = "root"
        while root in names:
            root += "_"
        return "".join(f"{root} {label}\n" for label in range(len(names))).encode()
    trees.read(path_of(source), names, tree_name, shown_name(source))
    return path_of(source).read_bytes()
