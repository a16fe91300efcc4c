"""Whether figures of two bundles may be compared: only where both judge the same queries on the same gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.bundle.bundle import Bundle
from core.engine.engine import Engine
from core.engine.task import RetrievalTask
from core.errors import BadInput
from core.settings import Setting

Kind = Literal["protocol", "near-duplicates", "classes", "images", "hierarchy"]


@dataclass(frozen=True)
class Difference:
    """One reason why figures are not comparable: what it is of, and what each side has.

    `here` and `there` are names for `protocol`, `near-duplicates` and `hierarchy`; the number of classes for
    `classes`; the numbers of queries and of gallery images for `images`.
    """

    kind: Kind
    here: Any
    there: Any


def differences(engine: Engine, setting: Setting, other: Engine, other_setting: Setting) -> list[Difference]:
    """What makes figures of two settings of two bundles incomparable; empty where nothing does."""
    found = []
    if setting.protocol != other_setting.protocol:
        found.append(Difference("protocol", setting.protocol, other_setting.protocol))
    if setting.near_duplicates != other_setting.near_duplicates:
        found.append(Difference("near-duplicates", setting.near_duplicates, other_setting.near_duplicates))
    mine, theirs = engine.at(setting).task, other.at(other_setting).task
    names, other_names = engine.bundle.class_names, other.bundle.class_names
    if names != other_names:
        found.append(Difference("classes", len(names), len(other_names)))
    elif not _same_images(engine.bundle, mine, other.bundle, theirs):
        found.append(Difference("images", _size(mine), _size(theirs)))
    elif not _same_tree(engine.bundle, setting.hierarchy, other.bundle, other_setting.hierarchy):
        found.append(Difference("hierarchy", setting.hierarchy, other_setting.hierarchy))
    return found


def _size(task: RetrievalTask) -> tuple[int, int]:
    return len(task.queries), task.size


def _same_images(bundle: Bundle, mine: RetrievalTask, other: Bundle, theirs: RetrievalTask) -> bool:
    """Whether queries and gallery have the same classes row by row, as those of the same pictures do.

    Where both bundles were made of folders, the pictures' paths and sizes must be the same too.
    """
    return (
        np.array_equal(mine.query_labels, theirs.query_labels)
        and np.array_equal(mine.gallery_labels, theirs.gallery_labels)
        and _same_files(bundle, mine.protocol.query_split, other, theirs.protocol.query_split)
        and _same_files(bundle, mine.protocol.gallery_split, other, theirs.protocol.gallery_split)
    )


def _same_files(bundle: Bundle, split: str, other: Bundle, other_split: str) -> bool:
    mine, theirs = bundle.manifest["splits"][split], other.manifest["splits"][other_split]
    return all(mine[key] == theirs[key] for key in ("paths", "sizes") if mine.get(key) and theirs.get(key))


def _same_tree(bundle: Bundle, name: str, other: Bundle, other_name: str) -> bool:
    try:
        return np.array_equal(bundle.hierarchy(name).similarity(), other.hierarchy(other_name).similarity())
    except BadInput:
        return False
