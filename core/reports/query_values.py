"""The values of every query: one row a query, by each search."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.engine.engine import Engine
from core.reports.tables import DEFAULT_SEARCHES, evaluate_at
from core.settings import Setting


def query_values(engine: Engine, setting: Setting, k: int, map_metric: str, mahp_metric: str) -> pd.DataFrame:
    """One row a query: its place in its split, its class, and by search the two metrics and the hits at k."""
    task, names = engine.at(setting).task, np.array(engine.bundle.class_names, dtype=object)
    columns: dict[str, np.ndarray] = {"query": task.query_index, "class": names[task.query_labels]}
    for search in DEFAULT_SEARCHES:
        result = evaluate_at(engine, search, setting, [k])
        columns[f"{search}_{map_metric}"] = result.at(map_metric, k)
        columns[f"{search}_{mahp_metric}"] = result.at(mahp_metric, k)
        columns[f"{search}_hits"] = np.rint(result.at("precision", k) * k).astype(np.int64)
    return pd.DataFrame(columns)
