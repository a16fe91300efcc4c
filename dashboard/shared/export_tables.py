"""What the export page offers beside the engine's own tables: values by query, curves, and the setting itself."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.engine.engine import Engine
from core.engine.results import Curve
from core.reports.tables import DEFAULT_SEARCHES, curves_at, evaluate_at
from core.settings import LEAVE_OUT, Setting
from dashboard.shared.state import View

DECIMALS = 12  # of curves, whose means are added up in another order than a table's: their last digits differ


def fitting_ks(ks: Sequence[int | str], size: int) -> tuple[list[int | str], list[int]]:
    """The k of a list that the gallery can answer, and those above it."""
    above = [k for k in ks if not isinstance(k, str) and k > size]
    return [k for k in ks if k not in above], above


def query_table(engine: Engine, setting: Setting, k: int, map_metric: str, mahp_metric: str) -> pd.DataFrame:
    """One row a query: its place in its split, its class, and by search the two metrics and the hits at k."""
    task, names = engine.at(setting).task, np.array(engine.bundle.class_names, dtype=object)
    columns: dict[str, np.ndarray] = {"query": task.query_index, "class": names[task.query_labels]}
    for search in DEFAULT_SEARCHES:
        result = evaluate_at(engine, search, setting, [k])
        columns[f"{search}_{map_metric}"] = result.at(map_metric, k)
        columns[f"{search}_{mahp_metric}"] = result.at(mahp_metric, k)
        columns[f"{search}_hits"] = np.rint(result.at("precision", k) * k).astype(np.int64)
    return pd.DataFrame(columns)


def curve_table(view: View) -> pd.DataFrame:
    """Every metric at every k of the curves: mean and 95 % normal band over queries, long form."""
    frames = [
        pd.DataFrame({"search": search, "metric": metric, "k": curve.ks, **rounded(curve)})
        for search in DEFAULT_SEARCHES
        for metric, curve in curves_at(view.engine, search, view.setting, view.ks).items()
    ]
    return pd.concat(frames, ignore_index=True)


def rounded(curve: Curve) -> dict[str, np.ndarray]:
    """Mean and band as columns of a table."""
    bands = {"value": curve.mean, "ci_low": curve.low, "ci_high": curve.high}
    return {name: np.round(values, DECIMALS) for name, values in bands.items()}


def settings_json(view: View, command: str) -> str:
    """The setting, what it was computed on and with, as JSON text."""
    setting, task = view.setting, view.task
    return json.dumps(
        {
            "setting": {
                "encoder": setting.encoder,
                "hash": setting.hash,
                "bits": setting.bits,
                "multiplier": setting.multiplier,
                "k": view.k,
                "protocol": setting.protocol,
                "near_duplicates": setting.near_duplicates,
                "hierarchy": setting.hierarchy,
                "map": view.map_metric,
                "mahp": view.mahp_metric,
                "seed": setting.seed,
            },
            "shortlist": setting.shortlist(view.k, task.size),
            "queries": len(task.queries),
            "gallery": task.size,
            "dimensions": task.gallery.shape[1],
            "bundle": {"name": view.bundle.name, "dataset": view.bundle.dataset, "version": view.bundle.version},
            "link": view.link(),
            "command": command,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        indent=2,
        ensure_ascii=False,
    )


def file_name(view: View, table: str, suffix: str = "csv") -> str:
    """A name that tells downloads apart: bundle, hash, bits, multiplier, table."""
    setting = view.setting
    words: tuple[str, ...] = (view.bundle.name, setting.hash, str(setting.bits), f"x{setting.multiplier}", table)
    words += ("without-near-duplicates",) if setting.near_duplicates == LEAVE_OUT else ()
    return f"{'_'.join(words)}.{suffix}"
