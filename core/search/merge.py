"""The best items of each query, of rankings of parts of a gallery: exact, since every part gives its own best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.runtime.compiled import kernel
from core.search.door import Ranking
from core.search.select import take_least

_NONE = np.iinfo(np.int32).max  # stands for an item that is missing: after all others


def merge_rankings(parts: Sequence[Ranking], depth: int, descending: bool) -> Ranking:
    """The best `depth` items of rankings of disjoint items, with the ids of the whole gallery.

    `descending`: by similarity; else by distance. Equal ones by id. Parts may be of any depth; -1 stands for an item
    that is missing, in the result too.
    """
    ids = np.concatenate([part.ids for part in parts], axis=1, dtype=np.int32)
    scores = np.concatenate([part.scores for part in parts], axis=1, dtype=np.float64)
    return best_of(ids, scores, depth, descending)


def best_of(ids: np.ndarray, scores: np.ndarray, depth: int, descending: bool) -> Ranking:
    """The same of items in any order: `ids` int32 and `scores` float64, both (Q, M), of which `ids` may be changed."""
    short = max(0, depth - ids.shape[1])
    if short:
        ids = np.pad(ids, ((0, 0), (0, short)), constant_values=-1)
        scores = np.pad(scores, ((0, 0), (0, short)))
    missing = ids < 0
    keys = np.where(missing, np.inf, -scores if descending else scores)
    ids[missing] = _NONE
    best_ids = np.empty((len(ids), depth), np.int32)
    best = np.empty((len(ids), depth))
    _take_rows(keys, ids, best, best_ids)
    best_ids[np.isinf(best)] = -1
    best[np.isinf(best)] = np.nan
    return Ranking(best_ids, 0.0 - best if descending else best)  # not -0.0


@kernel
def _take_rows(keys: np.ndarray, ids: np.ndarray, best: np.ndarray, best_ids: np.ndarray) -> None:
    for q in range(keys.shape[0]):
        take_least(keys[q], ids[q], best[q], best_ids[q])
