"""The hits of every query as a CSV, written block by block."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core.engine.engine import Engine
from core.engine.evaluation import Progress
from core.reports.tables import ordered_searches, to_csv
from core.runtime.atomic_file import whole_file
from core.runtime.parallel import blocks
from core.search.products import gathered_products
from core.settings import Setting

COLUMNS = ("query", "search", "rank", "index", "similarity", "distance", "relevant")
_BLOCK_ROWS = 200_000


def write_predictions(
    engine: Engine,
    setting: Setting,
    searches: Sequence[str],
    k: int,
    path: str | Path,
    progress: Progress | None = None,
) -> int:
    """Write the top k of every query by each search; returns the number of rows.

    `query` is the query's place in its split, `index` the gallery's, `similarity` the inner product, `distance` that
    of the codes, `relevant` 1 where the classes agree. The file appears once it is whole.
    """
    searches, count = ordered_searches(searches), len(engine.at(setting).task.queries)
    per_block = max(1, _BLOCK_ROWS // (k * len(searches)))
    with whole_file(path) as file:
        for rows in blocks(count, per_block):
            hits = top_hits(engine, setting, searches, k, rows)
            file.write(to_csv(hits, header=rows.start == 0).encode())
            if progress:
                progress(rows.stop / count)
    return count * len(searches) * k


def top_hits(engine: Engine, setting: Setting, searches: Sequence[str], k: int, rows: slice) -> pd.DataFrame:
    """The hits of some queries, in the order query, search, rank."""
    at = engine.at(setting)
    task, codes = at.task, at.codes
    ids = np.stack([at.top_ids(search, k, rows) for search in searches], axis=1)  # (Q, S, k)
    queries = task.queries[rows]
    similarity = np.empty(ids.shape, np.float64)
    for query, per_search, out in zip(queries, ids, similarity, strict=True):
        for found, products in zip(per_search, out, strict=True):
            gathered_products(query, task.gallery, found, products)
    distance = codes.distances(rows, ids)
    relevant = task.gallery_labels[ids] == task.query_labels[rows][:, None, None]
    query, search, rank = np.meshgrid(task.query_index[rows], searches, np.arange(1, k + 1), indexing="ij")
    columns = (query, search, rank, task.gallery_index[ids], similarity, distance, relevant.astype(np.int64))
    return pd.DataFrame({name: values.ravel() for name, values in zip(COLUMNS, columns, strict=True)})
