"""Class trees and the class similarity s(a, b) that mAHP is measured with.

s(a, b) = 1 - height(lowest common ancestor of a and b) / height(root); a leaf has height 0, an inner node
1 + the largest height among its children (Barz & Denzler, "Hierarchy-based Image Embeddings for Semantic
Image Retrieval", WACV 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.errors import BadInput


@dataclass(frozen=True)
class Hierarchy:
    """A tree over class names: `parents[node]` is the node above, the root has none."""

    name: str
    parents: dict[str, str]
    class_names: tuple[str, ...]

    def similarity(self) -> np.ndarray:
        """Class similarities, float64 (C, C), in the order of `class_names`; s(a, a) = 1. Made once: not to change."""
        return self._similarity

    @cached_property
    def _similarity(self) -> np.ndarray:
        heights = self.heights()
        paths = [self._path(name) for name in self.class_names]
        total = max(heights.values())
        result = np.eye(len(paths))
        for a, path in enumerate(paths):
            above = set(path)
            for b in range(a):
                ancestor = next(node for node in paths[b] if node in above)
                result[a, b] = result[b, a] = 1.0 - heights[ancestor] / total
        return result

    def heights(self) -> dict[str, int]:
        """Height of every node: 0 for a leaf, else 1 + the largest height among the children."""
        heights = dict.fromkeys({*self.parents, *self.parents.values()}, 0)
        for name in self.class_names:
            for height, node in enumerate(self._path(name)):
                heights[node] = max(heights[node], height)
        return heights

    def class_vectors(self) -> np.ndarray:
        """Unit vectors float64 (C, C) whose inner products are the class similarities (Cholesky factor)."""
        try:
            return np.linalg.cholesky(self.similarity())
        except np.linalg.LinAlgError as error:
            raise BadInput(
                f"hierarchy '{self.name}' gives class similarities that no vectors have (not positive definite)"
            ) from error

    def _path(self, node: str) -> list[str]:
        path = [node]
        while node in self.parents:
            node = self.parents[node]
            path.append(node)
        return path


def flat(class_names: Sequence[str], name: str = "flat") -> Hierarchy:
    """All classes under one root: s is 1 for the same class, else 0."""
    root = "".join(class_names) + " root"  # longer than every class name, so equal to none
    return Hierarchy(name, dict.fromkeys(class_names, root), tuple(class_names))


def parse(text: str, class_names: Sequence[str], name: str, source: str = "the tree") -> Hierarchy:
    """A tree from lines `parent child`; leaves are class names, or class numbers for all of them.

    Raises BadInput for a line without two words, a child with two parents, a cycle, more than one root,
    a class that is no leaf or a leaf that is no class. Lines that begin with # are comments.
    """
    parents = _parse_pairs(text, source)
    numbers = {str(label): class_name for label, class_name in enumerate(class_names)}
    leaves = set(parents) - set(parents.values())
    if leaves and leaves <= set(numbers) and not leaves <= set(class_names):
        parents = {numbers.get(child, child) if child in leaves else child: up for child, up in parents.items()}
        leaves = {numbers[leaf] for leaf in leaves}
    _check(parents, leaves, class_names, source)
    return Hierarchy(name, parents, tuple(class_names))


def read(path: str | Path, class_names: Sequence[str], name: str, shown: str | None = None) -> Hierarchy:
    """`parse` of a UTF-8 file, which messages call `shown`, by default its path."""
    shown = shown or str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the tree '{shown}': {error}") from error
    return parse(text, class_names, name, source=f"'{shown}'")


def _parse_pairs(text: str, source: str) -> dict[str, str]:
    parents: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2:
            raise BadInput(f"{source}, line {number}: '{line.strip()}' is not one 'parent child' pair")
        parent, child = words
        if child in parents:
            raise BadInput(f"{source}, line {number}: '{child}' has two parents, '{parents[child]}' and '{parent}'")
        parents[child] = parent
    if not parents:
        raise BadInput(f"{source} holds no 'parent child' pair")
    return parents


def _check(parents: dict[str, str], leaves: set[str], class_names: Sequence[str], source: str) -> None:
    for child in parents:
        node, steps = child, 0
        while node in parents:
            node, steps = parents[node], steps + 1
            if steps > len(parents):
                raise BadInput(f"{source} has a cycle through '{child}'")
    roots = set(parents.values()) - set(parents)
    if len(roots) != 1:
        raise BadInput(f"{source} has {len(roots)} roots ({', '.join(sorted(roots)[:3])}): a tree has one")
    missing = [name for name in class_names if name not in leaves]
    if missing:
        raise BadInput(f"{source} has no leaf for the class '{missing[0]}' ({len(missing)} classes are missing)")
    unknown = sorted(leaves - set(class_names))
    if unknown:
        raise BadInput(f"{source} has the leaf '{unknown[0]}' that is no class ({len(unknown)} such leaves)")
