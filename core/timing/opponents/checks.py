"""Whether a side's answer is right: equal ids, or where its tie order or its rounding differs, an equal result.

An engine that breaks ties in another order gives other ids, none of them wrong. So Hamming search is compared by its
distances, and a re-ranked shortlist by what any shortlist of the right distances would have given.
"""

from __future__ import annotations

import numpy as np

from core.engine.task import RetrievalTask
from core.timing.opponents.contender import Searched, SearchInputs

IDS, SIMILARITIES, DISTANCES = "ids", "similarities", "distances"
RERANKED = "distances of the shortlist, similarities of its best"


class Reference:
    """The right answers to some queries, by this project's plain functions on one thread."""

    def __init__(self, inputs: SearchInputs, rows: slice) -> None:
        self.inputs, self.rows = inputs, rows
        self.queries, self.exclude = inputs.task[rows]

    def ids(self, search: str) -> np.ndarray:
        """Ids int32 (Q, k) in the fixed tie order."""
        inputs = self.inputs
        if search == "exact":
            return _sorted(self.queries, inputs.task.gallery, self.exclude)[:, : inputs.k]
        return inputs.searcher(1).rank(search, self.rows, inputs.k, inputs.shortlist).ids

    def check(self, search: str, own: bool, found: np.ndarray) -> tuple[bool, str]:
        """Whether ids (Q, k) are right, and what of them was compared; this project's own must be equal as they are."""
        found, expected = np.asarray(found), self.ids(search)
        if own or np.array_equal(found, expected):
            return bool(np.array_equal(found, expected)), IDS
        if found.shape != expected.shape or _repeats(found) or (found == self.exclude[:, None]).any():
            return False, IDS
        if search == "exact":
            task, places = self.inputs.task, range(*self.rows.indices(len(self.inputs.task.queries)))
            same = (same_similarities(task, q, *both) for q, *both in zip(places, found, expected, strict=True))
            return all(same), SIMILARITIES
        if search == "hamming":
            apart = [self.inputs.pair.distances(self.rows, ids) for ids in (found, expected)]
            return bool(np.array_equal(apart[0], apart[1])), DISTANCES
        return self._reranked(found), RERANKED

    def _reranked(self, found: np.ndarray) -> bool:
        """Whether each row is the best k of some shortlist whose distances are the reference's."""
        inputs = self.inputs
        levels = inputs.pair.rank(self.rows, inputs.shortlist, self.exclude, 1).scores
        everything = np.arange(len(inputs.task.gallery))[None]
        rounding = _rounding_of_all(inputs.task)
        for row, q in enumerate(range(*self.rows.indices(len(inputs.task.queries)))):  # one at a time: N is large
            apart = inputs.pair.distances(slice(q, q + 1), everything)[0]
            if not could_be_reranked(inputs.task, q, found[row], apart, levels[row], rounding):
                return False
        return True


def _sorted(queries: np.ndarray, gallery: np.ndarray, exclude: np.ndarray) -> np.ndarray:
    """The whole exact ranking int64 (Q, N) in NumPy alone: float64 products, which are exact, and a stable sort."""
    keys = -(queries.astype(np.float64) @ gallery.astype(np.float64).T)
    own = np.flatnonzero(exclude >= 0)
    keys[own, exclude[own]] = np.inf
    return np.argsort(keys, axis=1, kind="stable")


def same_similarities(task: Searched, query: int, found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two rankings agree but for the order of items that float32 cannot tell apart."""
    if np.array_equal(found, expected):
        return True
    vectors, asked = task.gallery[[found, expected]].astype(np.float64), task.queries[query].astype(np.float64)
    similarities = vectors @ asked
    rounding = _rounding(asked, vectors)
    return len(set(found)) == len(expected) and bool(np.abs(similarities[0] - similarities[1]).max() < rounding)


def could_be_reranked(
    task: RetrievalTask, query: int, found: np.ndarray, apart: np.ndarray, shortlist: np.ndarray, rounding: float
) -> bool:
    """Whether `found` is the best k of a shortlist with the distances `shortlist`, whichever tied items it took.

    `apart` (N,) are the distances of all items, `shortlist` (M,) those of a right shortlist, ascending. Every item
    nearer than its last level belongs to it, and so many of the last level as are left; similarities may differ by
    `rounding`, what float32 rounds.
    """
    last = shortlist[-1]
    free = int((shortlist == last).sum())  # items of the last level in the shortlist, any of them
    similarities = task.gallery @ task.queries[query]
    inside = similarities[found]
    if (apart[found] > last).any() or (np.diff(inside) > rounding).any():
        return False
    rest = np.ones(len(apart), bool)
    rest[found] = False
    if task.exclude[query] >= 0:
        rest[task.exclude[query]] = False
    worst = inside[-1] + rounding
    taken = int((apart[found] == last).sum())
    harmless = int((rest & (apart == last) & (similarities <= worst)).sum())
    nearer = similarities[rest & (apart < last)]
    return taken <= free <= taken + harmless and bool((nearer <= worst).all())


def _rounding(asked: np.ndarray, vectors: np.ndarray) -> float:
    return 1e-5 * float(np.linalg.norm(asked) * np.linalg.norm(vectors, axis=-1).max())


def _rounding_of_all(task: RetrievalTask) -> float:
    longest = [np.sqrt(np.einsum("ij,ij->i", part, part).max()) for part in (task.gallery, task.queries)]
    return 1e-5 * float(longest[0] * longest[1])


def _repeats(found: np.ndarray) -> bool:
    ordered = np.sort(found, axis=1)
    return bool((ordered[:, 1:] == ordered[:, :-1]).any())
