"""The trade-off grid as a table: one row a length and multiplier, and the cheapest that is good enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core.tradeoff.choice import relative_loss
from core.tradeoff.grid import Grid, cheapest_within

Times = Mapping[tuple[int, str], float]


def timed_points(grid: Grid, metric: str, times: Times | None = None) -> pd.DataFrame:
    """The points of a grid with `ms`, the time of one query by length and multiplier; NaN where it is not known."""
    points = grid.points(metric)
    keys = zip(points["bits"], points["multiplier"], strict=True)
    return points.assign(ms=[(times or {}).get(key, np.nan) for key in keys])


def without_unknown_times(points: pd.DataFrame) -> pd.DataFrame:
    """The points without a column of times where nothing was timed."""
    return points.drop(columns="ms") if points["ms"].isna().all() else points


def grid_table(grid: Grid, metric: str, version: str, times: Times | None = None) -> pd.DataFrame:
    """Every point with what it rests on: metric, k, exact search's quality, queries, protocol, hierarchy, and the
    `version` of the bundle."""
    return without_unknown_times(timed_points(grid, metric, times)).assign(
        metric=metric,
        k=grid.k,
        exact=grid.exact[metric],
        queries=grid.queries,
        protocol=grid.setting.protocol,
        hierarchy=grid.setting.hierarchy,
        version=version,
    )


def cheapest_table(table: pd.DataFrame, percent: float, exact_cost: Mapping[str, float]) -> pd.DataFrame:
    """Of a `grid_table` one row a cost (`bytes`, and `ms` where it was timed): the cheapest point whose quality is
    within `percent` of exact search's, `loss` in %, and `exact_cost`, exact search's own. Empty where there is none."""
    rows = []
    for cost in (name for name in ("bytes", "ms") if name in table):
        exact = float(table["exact"].iloc[0])
        found = cheapest_within(table, exact, percent, cost)
        if found is not None:
            row = table.loc[found]
            loss = 100 * relative_loss(float(table["quality"][found]), exact)
            rows.append({"cheapest_by": cost, "within": percent, "loss": loss, "exact_cost": exact_cost[cost], **row})
    return pd.DataFrame(rows, columns=["cheapest_by", "within", "loss", "exact_cost", *table.columns])
