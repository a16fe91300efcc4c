"""Time at equal quality: the cheapest setting of each search that reaches a share of exact search's quality.

A time alone says nothing: a search that returns random images is the fastest. So for each share, such as 99 % of exact
search's mAP, the setting of least measured time is read off the grid of code length x multiplier, and timed again
beside its opponents, which search the same codes with the same shortlist. The settings are read off the queries whose
quality is shown: a point of the curve, no promise for other queries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd

from core.codes.codes import bits_for
from core.engine.engine import Engine
from core.errors import BadInput
from core.settings import Setting
from core.timing.timed_grid import time_grid
from core.timing.timing import time_latency, to_table
from core.tradeoff.grid import MULTIPLIERS, SAMPLE, Grid, cheapest_within, quality_grids

SHARES = (95.0, 99.0)
METRICS = ("ap", "ahp", "overlap")
GRID_QUERIES, RUNS = 50, 100
COLUMNS = (
    "target", "metric", "k", "hash", "side", "bits", "multiplier", "shortlist", "quality", "share", "median_ms",
    "p95_ms", "p99_ms", "equal",
)  # fmt: skip


def at_equal_quality(
    engine: Engine,
    setting: Setting,
    k: int,
    metric: str = "ap",
    shares: Sequence[float] = SHARES,
    hashes: Sequence[str] = (),
    every: bool = True,
    runs: int = RUNS,
    progress: Callable[[float], object] | None = None,
) -> pd.DataFrame:
    """One row a share, hash and side: one query on one thread at the cheapest setting that reaches the share.

    `shares` are in % of exact search's `metric` at k; `hashes` those of the setting's encoder (none: the setting's
    own). A share that no setting of a hash reaches has a row without a time, and `equal` is empty there. The sides of
    exact search stand once a share. Quality is over at most `SAMPLE` seeded queries.
    """
    if metric not in METRICS:
        raise BadInput(f"metric '{metric}' is no yardstick here: expected one of {', '.join(METRICS)}")
    check_shares(shares)
    queries = len(engine.at(setting).task.queries)
    setting = replace(setting, queries=setting.queries if queries <= SAMPLE else SAMPLE)
    settings = [replace(setting, hash=name) for name in hashes or (setting.hash,)]
    lengths = [bits_for(engine.bundle, each.encoder, each.hash) for each in settings]
    hear = progress or (lambda share: None)
    grids = quality_grids(engine, list(zip(settings, lengths, strict=True)), k, MULTIPLIERS, lambda x: hear(0.5 * x))
    rows: list[pd.DataFrame] = []
    timed: dict[Setting | None, pd.DataFrame] = {}  # None: exact search alone
    for place, grid in enumerate(grids):
        chosen = _chosen(engine, grid, metric, shares)
        for share, point in chosen.items():
            rows.append(_rows(engine, grid, metric, share, point, timed, runs, every, first=place == 0))
        hear(0.5 + 0.5 * (place + 1) / len(grids))
    return pd.concat(rows, ignore_index=True).astype({"bits": "Int64", "shortlist": "Int64"})


def check_shares(shares: Sequence[float]) -> None:
    """BadInput for a share that is not above 0 and up to 100."""
    for share in shares:
        if not 0 < share <= 100:
            raise BadInput(f"share {share:g} is outside 0 to 100: give % of exact search's quality, such as 95,99")


def _chosen(engine: Engine, grid: Grid, metric: str, shares: Sequence[float]) -> dict[float, pd.Series | None]:
    """The point of least measured time that reaches each share, None where none does."""
    times = time_grid(engine, grid.setting, grid.k, grid.lengths, grid.multipliers, GRID_QUERIES)
    points = grid.points(metric).assign(ms=times.milliseconds.ravel())
    found = {share: cheapest_within(points, grid.exact[metric], 100 - share, "ms") for share in sorted(shares)}
    return {share: None if label is None else cast(pd.Series, points.loc[label]) for share, label in found.items()}


def _rows(
    engine: Engine,
    grid: Grid,
    metric: str,
    share: float,
    point: pd.Series | None,
    timed: dict[Setting | None, pd.DataFrame],
    runs: int,
    every: bool,
    first: bool,
) -> pd.DataFrame:
    """The rows of a share and a hash, those of exact search with the `first` hash; `timed` keeps what was timed."""
    common = {"target": share, "metric": metric, "k": grid.k}
    exact = grid.exact[metric]
    setting = grid.setting
    if point is not None:
        setting = replace(setting, bits=int(point["bits"]), multiplier=str(point["multiplier"]))
    rows = []
    if point is None:  # nothing of the hash is timed, and exact search only where its rows stand
        rows.append({**common, "hash": setting.hash, "side": "hashed", "quality": np.nan, "equal": None})
        if not first:
            return pd.DataFrame(rows, columns=list(COLUMNS))
    key, searches = (None, ("exact",)) if point is None else (setting, ("exact", "hashed"))
    if key not in timed:
        table = to_table(time_latency(engine, setting, grid.k, runs, searches=searches, every=every))
        timed[key] = table[table["work"] == "query"]
    for row in timed[key].to_dict("records"):
        own = None if row["side"].startswith("exact") else point
        if own is None and not first:
            continue
        quality = exact if own is None else float(own["quality"])
        rows.append(
            {
                **common,
                "hash": "" if own is None else setting.hash,
                "side": row["side"],
                "bits": None if own is None else int(own["bits"]),
                "multiplier": "" if own is None else str(own["multiplier"]),
                "shortlist": None if own is None else int(own["shortlist"]),
                "quality": quality,
                "share": 100 * quality / exact if exact else np.nan,
                "median_ms": row["median_ms"],
                "p95_ms": row["p95_ms"],
                "p99_ms": row["p99_ms"],
                "equal": row["equal"],
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
