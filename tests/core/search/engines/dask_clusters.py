"""Small dask clusters for tests, on loopback alone."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

from core.search.engines.cluster import Cluster
from tests.core.search.worlds import on_grain


@contextmanager
def cluster_of_threads(workers, patience=1.0):
    """Workers in this very process."""
    import distributed

    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
    ) as local:  # fmt: skip
        held = Cluster(distributed.Client(local, set_as_default=False), patience=patience)
        yield held
        held.close()


def gallery_of(count, seed=0, dimensions=12):
    """Rows of which every one is there three times, far apart, so that ties fall into several shards."""
    rows = on_grain(np.random.default_rng(seed).normal(size=(count // 3, dimensions)))
    return np.concatenate([rows, rows, rows])
