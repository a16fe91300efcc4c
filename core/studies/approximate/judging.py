"""Rankings that may be incomplete, judged by the project's own sums: a place that nothing fills is a miss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.engine.experiment import Experiment
from core.engine.results import SearchResult
from core.metrics.accumulate import judge_rankings
from core.metrics.tables import Judgements


def judge(at: Experiment, search: str, found: Sequence[np.ndarray], k: int) -> SearchResult:
    """The result at k of rankings: int32 ids without repeats, best first, one array per query.

    A ranking of the same ids as exact search's has exact search's values to the bit.
    """
    items = len(at.task.gallery)
    ids = np.full((len(found), k), items, np.int32)  # the place behind the gallery's last: an item of no class
    for row, ranking in zip(ids, found, strict=True):
        row[: min(k, len(ranking))] = ranking[:k]
    exact = at.rankings.exact(k, slice(None))
    sums = judge_rankings(ids, exact, with_item_of_no_class(at.judgements(k)), np.array([k]), at.threads)
    return SearchResult(search, sums)


def with_item_of_no_class(judgements: Judgements) -> Judgements:
    """The same judgements of a gallery with one more item, which is similar to no class."""
    classes = len(judgements.similarity)
    return Judgements(
        judgements.query_labels,
        np.append(judgements.gallery_labels, classes),
        np.pad(judgements.similarity, (0, 1)),
        judgements.ideal,
        judgements.rows,
    )
