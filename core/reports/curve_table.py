"""All curves of a setting as a table: every metric at every k of each search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.engine.engine import Engine
from core.engine.results import Curve
from core.reports.tables import DEFAULT_SEARCHES, curves_at
from core.settings import Setting

DECIMALS = 12  # of curves, whose means are added up in another order than a table's: their last digits differ


def curve_table(engine: Engine, setting: Setting, ks: Sequence[int]) -> pd.DataFrame:
    """Every metric at each of `ks`: mean and 95 % normal band over queries, long form, rounded to `DECIMALS`."""
    frames = [
        pd.DataFrame({"search": search, "metric": metric, "k": curve.ks, **rounded(curve)})
        for search in DEFAULT_SEARCHES
        for metric, curve in curves_at(engine, search, setting, ks).items()
    ]
    return pd.concat(frames, ignore_index=True)


def rounded(curve: Curve) -> dict[str, np.ndarray]:
    """Mean and band as columns of a table."""
    bands = {"value": curve.mean, "ci_low": curve.low, "ci_high": curve.high}
    return {name: np.round(values, DECIMALS) for name, values in bands.items()}
