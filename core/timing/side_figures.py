"""Timings of several sides read side by side: who is the fastest exact one, and how much faster hashed search is."""

from __future__ import annotations

import pandas as pd


def under(table: pd.DataFrame, batch: int, threads: int) -> pd.DataFrame:
    """The sides under one condition without their stages, the fastest first; `table` as `timing.to_table` makes it."""
    rows = table[(table["batch"] == batch) & (table["threads"] == threads) & ~table["work"].str.contains(":")]
    return rows.sort_values("median_ms")


def conditions(table: pd.DataFrame) -> list[tuple[int, int]]:
    """Every (batch, threads) that was timed, ascending."""
    return sorted({(int(batch), int(threads)) for batch, threads in zip(table["batch"], table["threads"], strict=True)})


def largest_batch(table: pd.DataFrame) -> tuple[int, int]:
    """The condition of throughput: the largest batch on the most threads."""
    return int(table["batch"].max()), int(table["threads"].max())


def fastest_exact(rows: pd.DataFrame) -> pd.Series:
    """The exact side of least median, of rows under one condition."""
    exact = rows[rows["side"].str.startswith("exact")]
    return exact.iloc[int(exact["median_ms"].argmin())]


def speed_ratio(rows: pd.DataFrame) -> float:
    """Median of the fastest exact side over that of hashed search: above 1, hashing pays. NaN: hashed was not timed."""
    hashed = rows[rows["side"] == "hashed"]["median_ms"].iloc[0]
    return float("nan") if pd.isna(hashed) else float(fastest_exact(rows)["median_ms"] / hashed)


def per_second(row: pd.Series) -> float:
    """Queries a second of one side."""
    return float(1000 * row["batch"] / row["median_ms"])


def side_figures(table: pd.DataFrame, batch: int, threads: int) -> pd.DataFrame:
    """One row per side under one condition, the fastest first, with the columns of the timings and these.

    `median_us`, `p95_us`, `p99_us`: microseconds per query; `speed`: times as fast as the fastest exact side;
    `of_limit`: times the machine's limit; `per_second`: queries a second; `stages`: microseconds per query of each
    stage, a dict by name in the order of the work.
    """
    rows = under(table, batch, threads)
    base = float(fastest_exact(rows)["median_ms"])
    each = {f"{name}_us": 1000 * rows[f"{name}_ms"] / batch for name in ("median", "p95", "p99")}
    timed = table[(table["batch"] == batch) & (table["threads"] == threads) & table["work"].str.contains(":")]
    stages: dict[str, dict[str, float]] = {side: {} for side in rows["side"]}
    for side, work, milliseconds in zip(timed["side"], timed["work"], timed["median_ms"], strict=True):
        stages[side][work.split(":")[1]] = 1000 * milliseconds / batch
    return rows.assign(
        **each,
        speed=base / rows["median_ms"],
        of_limit=rows["median_ms"] / rows["limit_ms"],
        per_second=1000 * batch / rows["median_ms"],
        stages=pd.Series([stages[side] for side in rows["side"]], index=rows.index, dtype=object),
    ).reset_index(drop=True)
