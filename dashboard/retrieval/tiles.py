"""From a query's answers to the tiles of the grids, and the sentence on what the shortlist lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.bundle.bundle import Bundle
from core.engine.retrieval import Retrieved, relation
from core.engine.task import RetrievalTask
from core.reports.answer_changes import lost_of_class, lost_places, rank_changes
from dashboard.shared.image_grid import Tile

Picture = Callable[[str, int], str | None]


def no_picture(split: str, index: int) -> None:
    """A picture source without pictures: every tile is a drawn card."""


@dataclass(frozen=True)
class Tiles:
    """Makes tiles of one query's answers. `picture` gives a data URI by split and index, or None."""

    retrieved: Retrieved
    bundle: Bundle
    task: RetrievalTask
    picture: Picture = field(default=no_picture)

    def query(self) -> Tile:
        """The query's own tile."""
        index = int(self.task.query_index[self.retrieved.query])
        split = self.task.protocol.query_split
        assert self.retrieved.label is not None  # a query of the bundle
        name, group = self._class(self.retrieved.label)
        return Tile(index, name, group, relation="query", picture=self.picture(split, index))

    def answer(self, search: str, other: str | None, shown: int) -> list[Tile]:
        """The first `shown` of a search, with their rank changes against the top k of another one, if there is one."""
        answer = self.retrieved.answers[search]
        changes: list[int | None] = [None] * len(answer.ids)
        if other is not None:
            changes = rank_changes(answer.ids, self.retrieved.answers[other].ids)
        return [
            self._tile(int(answer.ids[i]), answer.similarities[i], answer.distances[i], i + 1, changes[i])
            for i in range(min(shown, len(answer.ids)))
        ]

    def lost(self, shown: int) -> list[Tile]:
        """The first `shown` of the exact top k that the shortlist does not hold, under their exact ranks."""
        exact = self.retrieved.answers["exact"]
        places = lost_places(self.retrieved)[:shown]
        return [
            self._tile(int(exact.ids[i]), exact.similarities[i], exact.distances[i], int(i) + 1, None) for i in places
        ]

    def _tile(self, item: int, similarity: float, distance: float, rank: int, change: int | None) -> Tile:
        label, row = int(self.task.gallery_labels[item]), int(self.task.gallery_index[item])
        name, group = self._class(label)
        return Tile(
            index=row,
            class_name=name,
            superclass_index=group,
            similarity=float(similarity),
            distance=None if np.isnan(distance) else float(distance),
            rank=rank,
            rank_change=change,
            relation=relation(self.bundle.superclass_of, self.retrieved.label, label),
            picture=self.picture(self.task.protocol.gallery_split, row),
        )

    def _class(self, label: int) -> tuple[str, int | None]:
        groups = self.bundle.superclass_of
        return self.bundle.class_names[label], None if groups is None else int(groups[label])


def lost_sentence(retrieved: Retrieved, gallery_labels: np.ndarray) -> str:
    """How much of the exact top k the shortlist held, in one sentence."""
    k, lost = len(retrieved.answers["exact"].ids), len(retrieved.lost)
    kept = f"The shortlist of {retrieved.shortlist:,} held "
    if not lost:
        return f"{kept}all of the exact top {k:,}."
    same = lost_of_class(retrieved, gallery_labels)
    held = f"{kept}{k - lost:,} of the exact top {k:,}; "
    if retrieved.label is None:
        return f"{held}{lost:,} {'was' if lost == 1 else 'were'} lost."
    if lost == 1:
        return f"{held}1 was lost, {'of the query’s class' if same else 'of another class'}."
    who = "all of them" if same == lost else "none of them" if same == 0 else f"{same:,} of them"
    return f"{held}{lost:,} were lost, {who} of the query’s class."
