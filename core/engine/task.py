"""What a protocol makes of a bundle: the queries and the gallery of an encoder, ready to be searched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.bundle.bundle import Bundle
from core.engine.near_duplicates import keep_all, leave_out
from core.errors import BadInput
from core.metrics.ideal import ideal_rows
from core.metrics.tables import Judgements
from core.protocols import Protocol, get_protocol
from core.search.door import SearchBackend, VectorIndex, Vectors
from core.search.local import LOCAL
from core.search.rounding import longest_row
from core.settings import LEAVE_OUT, Setting


@dataclass(frozen=True)
class RetrievalTask:
    """Embeddings, compared by inner product, and labels. `query_index` is each query's place in its split; `exclude`
    the gallery place that it leaves out (its own, or that of the near-duplicate which stands for it), else -1; `size`
    the gallery items that a query can find; `gallery_index` each gallery item's row in its split, which is what people
    are shown."""

    protocol: Protocol
    queries: np.ndarray  # float32 (Q, d)
    gallery: np.ndarray  # float32 (N, d)
    query_index: np.ndarray  # int64 (Q,)
    query_labels: np.ndarray  # int64 (Q,)
    gallery_labels: np.ndarray  # int64 (N,)
    gallery_index: np.ndarray  # int64 (N,), ascending
    exclude: np.ndarray  # int64 (Q,)
    size: int
    backend: SearchBackend = LOCAL
    label: str = ""  # what the gallery is of, as in `core.search.door.Vectors`

    @cached_property
    def index(self) -> VectorIndex:
        """The gallery, opened by the backend."""
        return self.backend.open_vectors(Vectors(self.gallery, self.longest, self.label))

    @cached_property
    def longest(self) -> float:
        """The length of the gallery's longest row, or a little more."""
        return longest_row(self.gallery)

    def __getitem__(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings and exclusions of some of the queries."""
        return self.queries[rows], self.exclude[rows]


def relevant_items(task: RetrievalTask) -> Callable[[int], np.ndarray]:
    """What is relevant to the query at a place: int64 ascending, items of its class but the one it leaves out."""
    order = np.argsort(task.gallery_labels, kind="stable")
    starts = np.searchsorted(task.gallery_labels[order], np.arange(_classes(task) + 1))

    def items(query: int) -> np.ndarray:
        label = task.query_labels[query]
        found = order[starts[label] : starts[label + 1]]
        return found[found != task.exclude[query]]

    return items


def relevant_counts(task: RetrievalTask) -> np.ndarray:
    """How many items `relevant_items` gives for each query: int64 (Q,)."""
    relevant = np.bincount(task.gallery_labels, minlength=_classes(task))[task.query_labels]
    own = np.flatnonzero(task.exclude >= 0)
    relevant[own] -= task.gallery_labels[task.exclude[own]] == task.query_labels[own]
    return relevant


def _classes(task: RetrievalTask) -> int:
    return int(max(task.gallery_labels.max(), task.query_labels.max())) + 1


def sample_queries(count: int, queries: int | None, seed: int) -> np.ndarray:
    """Indices of the queries: all, or a seeded sample without repeats, ascending."""
    if queries is None or queries == count:
        return np.arange(count)
    if queries > count:
        raise BadInput(f"queries {queries} is above the {count} there are: give at most {count}, or 'all'")
    return np.sort(np.random.default_rng(seed).choice(count, queries, replace=False))


def open_task(bundle: Bundle, setting: Setting, backend: SearchBackend = LOCAL) -> RetrievalTask:
    """The queries and the gallery of a setting; raises BadInput for a name the bundle does not have.

    BadInput as well where near-duplicates cannot be left out (see `core.engine.near_duplicates`).
    """
    encoder, protocol = setting.encoder, setting.protocol
    rule = get_protocol(protocol)
    if protocol not in bundle.protocols:
        raise BadInput(
            f"protocol '{protocol}' does not fit the bundle '{bundle.name}': "
            f"expected one of {', '.join(bundle.protocols)}"
        )
    gallery, labels = bundle.embeddings(encoder, rule.gallery_split), bundle.labels(rule.gallery_split)
    every = bundle.embeddings(encoder, rule.query_split)
    index = sample_queries(len(every), setting.queries, setting.seed)
    kept = leave_out(bundle, rule) if setting.near_duplicates == LEAVE_OUT else keep_all(bundle, rule)
    if len(kept.rows) < len(gallery):
        gallery, labels = gallery[kept.rows], labels[kept.rows]
    asked = every if len(index) == len(every) else np.ascontiguousarray(every[index])
    for array in (asked, gallery):  # as a bundle's own: kernels are then compiled for one type alone
        array.flags.writeable = False
    size = len(gallery) - rule.leave_one_out
    if size < 1:
        raise BadInput(f"the gallery of '{bundle.name}' has {len(gallery)} items: too few to search")
    return RetrievalTask(
        protocol=rule,
        queries=asked,
        gallery=gallery,
        query_index=index,
        query_labels=bundle.labels(rule.query_split)[index],
        gallery_labels=labels,
        gallery_index=kept.rows,
        exclude=kept.exclude[index],
        size=size,
        backend=backend,
        label=f"{encoder} {rule.gallery_split}{'' if len(kept.rows) == bundle.count(rule.gallery_split) else ' kept'}",
    )


def make_judgements(task: RetrievalTask, similarity: np.ndarray, depth: int) -> Judgements:
    """Labels, class similarities float64 (C, C) and ideal sums of a task, to a depth."""
    counts = np.bincount(task.gallery_labels, minlength=len(similarity))
    left_out = np.where(task.exclude < 0, -1, task.gallery_labels[task.exclude])
    # Each pair as one number, which is sorted ten times as fast.
    pairs, rows = np.unique(task.query_labels * (len(counts) + 1) + left_out + 1, return_inverse=True)
    classes, others = np.divmod(pairs, len(counts) + 1)
    ideal = ideal_rows(similarity, counts, depth, classes, others - 1)
    return Judgements(task.query_labels, task.gallery_labels, similarity, ideal, rows)
