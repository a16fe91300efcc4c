"""k-means centroids, as the methods that number their cells need them.

Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on Information Theory 1982, started as by Arthur &
Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007, on a sample of the rows: with thousands of
centroids the start would take longer than all of the rest.
"""

from __future__ import annotations

import warnings

import numpy as np

from core.errors import BadInput

ITERATIONS = 10
_START_ROWS = 16_384  # rows that the start is drawn from, or four a centroid where that is more


def centroids(X: np.ndarray, count: int, seed: int, method: str) -> np.ndarray:
    """`count` centroids float32 (count, d) of features float (N, d); BadInput, naming `method`, for too few rows.

    Call it inside `one_thread`, so that threads cannot change the result. Where fewer rows differ than there are
    centroids, some centroids are equal.
    """
    from sklearn.cluster import KMeans, kmeans_plusplus
    from sklearn.exceptions import ConvergenceWarning

    if len(X) < count:
        raise BadInput(f"{len(X)} rows of features for {count} centroids: {method} needs at least one row for each")
    X = np.ascontiguousarray(X, dtype=np.float32)
    generator = np.random.default_rng(seed)
    sample = np.sort(generator.permutation(len(X))[: max(_START_ROWS, 4 * count)])
    state = int(generator.integers(2**31))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer distinct rows than centroids
        start, _ = kmeans_plusplus(X[sample], count, random_state=state, n_local_trials=1)
        fitted = KMeans(count, init=start, n_init=1, max_iter=ITERATIONS, random_state=state).fit(X)
    return np.ascontiguousarray(fitted.cluster_centers_, dtype=np.float32)
