"""Rankings judged rank by rank, in plain arrays: what a metric reads that has a sum of its own.

The compiled loops keep the sums of the built-in metrics. A metric that needs another gives a function of
`JudgedRanks`, in NumPy: slower, but no kernel has to know of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class JudgedRanks:
    """The first `depth` = ks[-1] ranks of q queries; the top k is their beginning, for each k of `ks`.

    `total` is R, the relevant items there are; `best` the largest sum of class similarities that so many items reach.
    """

    ks: np.ndarray  # int64 (K,), ascending
    relevant: np.ndarray  # bool (q, depth): whether the item has the query's class
    similarity: np.ndarray  # float64 (q, depth): of the item's class and the query's
    total: np.ndarray  # int64 (q,)
    best: np.ndarray  # float64 (q, depth)


OfRanking = Callable[[JudgedRanks], np.ndarray]  # the sum of each query at each k, float64 (q, K)
