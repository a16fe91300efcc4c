"""Sums that a metric makes of its own: the rankings that its function is given, of every search."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.metrics.judged_ranks import JudgedRanks, OfRanking
from core.metrics.tables import Judgements
from core.search.products import gathered_products

_CELLS = 1_000_000  # ranks that are judged at once


def sums_of_ranking(sum_of: OfRanking, ids: np.ndarray, judgements: Judgements, ks: np.ndarray) -> np.ndarray:
    """A sum of rankings `ids` int (Q, depth), depth >= the largest of `ks` int64 (K,): float64 (Q, K).

    A query without relevant items has 0, whatever the function says.
    """
    found = np.zeros((len(ids), len(ks)))
    for rows in _blocks(len(ids), int(ks[-1])):
        found[rows] = sum_of(_ranked(ids[rows, : ks[-1]], judgements[rows], ks))
    found[judgements.relevant == 0] = 0.0
    return found


def sums_of_shortlists(
    sum_of: OfRanking,
    queries: np.ndarray,
    gallery: np.ndarray,
    near: np.ndarray,
    shortlists: np.ndarray,
    judgements: Judgements,
    ks: np.ndarray,
) -> np.ndarray:
    """The same of hashed search, where ks[c] has the first shortlists[c] ids of `near`; see `accumulate_shortlists`."""
    found = np.zeros((len(queries), len(ks)))
    for rows in _blocks(len(queries), int(shortlists[-1])):
        ids = near[rows, : shortlists[-1]]
        places = np.stack([_best_first(query, gallery, own) for query, own in zip(queries[rows], ids, strict=True)])
        every = _ranked(np.take_along_axis(ids, places, axis=1), judgements[rows], ks)
        for column, (k, length) in enumerate(zip(ks, shortlists, strict=True)):
            listed = np.flatnonzero(places < length).reshape(len(ids), length)[:, :k]
            arrays = np.take(every.relevant, listed), np.take(every.similarity, listed)
            found[rows, column] = sum_of(JudgedRanks(ks[column : column + 1], *arrays, every.total, every.best[:, :k]))[
                :, 0
            ]
    found[judgements.relevant == 0] = 0.0
    return found


def _ranked(ids: np.ndarray, judgements: Judgements, ks: np.ndarray) -> JudgedRanks:
    labels, own = judgements.gallery_labels[ids], judgements.query_labels[:, None]
    best = judgements.ideal.gain[judgements.rows, : ks[-1]]
    return JudgedRanks(ks, labels == own, judgements.similarity[own, labels], judgements.relevant, best)


def _best_first(query: np.ndarray, gallery: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The places of `ids` int32 (M,) by (similarity descending, index ascending)."""
    similarity = np.empty(len(ids))
    gathered_products(query, gallery, ids, similarity)
    return np.lexsort((ids, -similarity))


def _blocks(count: int, depth: int) -> Iterator[slice]:
    step = max(1, _CELLS // depth)
    return (slice(first, min(first + step, count)) for first in range(0, count, step))
