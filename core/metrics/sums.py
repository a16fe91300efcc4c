"""The arrays that the sums of every metric are kept in, and what they are judged by."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Kernels(NamedTuple):
    """The same judgement of a block of queries, its sums kept in arrays or averaged: the last argument takes them."""

    kept: Callable[..., None]
    averaged: Callable[..., None]


class Accumulated(NamedTuple):
    """Sums of the ranking of each query q at each k: arrays (Q, K); `ks` int64 (K,), `relevant` int64 (Q,).

    With rel_i = 1 where rank i has the query's class, P_i the precision and hp_i the hierarchical precision at i:
    `hits` = sum of rel_i, `ap_sum` = sum of rel_i P_i, `hp` = hp_k, `hp_first` = hp_1, `ahp_sum` = sum of hp_i,
    `ndcg` and `ndcg_hierarchical` themselves, `shared` = items also in the exact top k.
    """

    ks: np.ndarray
    relevant: np.ndarray
    hits: np.ndarray
    ap_sum: np.ndarray
    hp: np.ndarray
    hp_first: np.ndarray
    ahp_sum: np.ndarray
    ndcg: np.ndarray
    ndcg_hierarchical: np.ndarray
    shared: np.ndarray

    def pick(self, rows: slice = slice(None), columns: slice = slice(None)) -> Accumulated:
        """Views of some queries and some of the k."""
        ks, relevant, *sums = self
        return Accumulated(ks[columns], relevant[rows], *(array[rows, columns] for array in sums))

    def fill(self, rows: slice, kernels: Kernels, *judged: object) -> None:
        """Judge some queries and keep their sums."""
        kernels.kept(*judged, self.pick(rows))

    def nbytes(self) -> int:
        """Memory of all arrays, bytes."""
        return sum(array.nbytes for array in self)


def unfilled(ks: np.ndarray, relevant: np.ndarray) -> Accumulated:
    """Room for the sums of queries with so many relevant items, int64 (Q,), at `ks` int64 (K,)."""
    shape = (len(relevant), len(ks))
    hits, shared = (np.empty(shape, np.int32) for _ in range(2))
    return Accumulated(ks, relevant, hits, *(np.empty(shape, np.float64) for _ in range(6)), shared)


class Tables(NamedTuple):
    """What the kernels judge by: ideal sums are inverted, and 0 where there is nothing to reach.

    Weights by rank are followed by 0s: kernels read whole blocks of ranks.
    """

    labels: np.ndarray  # int64 (N,)
    similarity: np.ndarray  # float64 (C, C)
    inverse_gain: np.ndarray  # float64 (rows of the ideal sums, K): by k, as the next three
    inverse_gains: np.ndarray  # the sum of inverse_gain up to each k
    inverse_dcg: np.ndarray
    inverse_dcg_hierarchical: np.ndarray
    before: np.ndarray  # float64 (rows, > depth): the sum of the inverse ideal gains before each rank
    discount: np.ndarray  # float64 (> depth,)
    inverse: np.ndarray  # float64 (> depth,): 1 / rank
