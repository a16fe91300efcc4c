"""The class names and the class tree that come with imported arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import hierarchy as trees
from core.errors import BadInput


def name_classes(source: str | Path | Sequence[str] | None, labels: dict[str, np.ndarray]) -> list[str]:
    """The given names, else the numbers 0 to the largest label; BadInput for a label that has no name."""
    if source is None:
        return [str(label) for label in range(max(int(values.max()) for values in labels.values()) + 1)]
    names = _read_names(Path(source)) if isinstance(source, str | Path) else list(source)
    seen: dict[str, int] = {}
    for line, name in enumerate(names, start=1):
        if not name:
            raise BadInput(f"class names: line {line} is empty, expected one name a line")
        if name in seen:
            raise BadInput(f"class names: '{name}' is on line {seen[name]} and on line {line}")
        seen[name] = line
    if not names:
        raise BadInput("class names: there is none, expected one a line")
    for split, values in labels.items():
        bad = np.flatnonzero(values >= len(names))
        if len(bad):
            raise BadInput(
                f"{split}: row {bad[0]} (from 0) has the label {values[bad[0]]}, which has no class name: "
                f"there are {len(names)} names, for 0 to {len(names) - 1}"
            )
    return names


def _read_names(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the class names '{path}': {error}") from error
    return [line.strip() for line in text.rstrip().splitlines()]


def tree_text(source: str | Path | None, names: list[str], tree_name: str) -> bytes:
    """The text of the class tree, UTF-8: the file's once it has been checked, else all classes under one root."""
    if source is None:
        root = "root"
        while root in names:
            root += "_"
        return "".join(f"{root} {label}\n" for label in range(len(names))).encode()
    trees.read(source, names, tree_name)
    return Path(source).read_bytes()
