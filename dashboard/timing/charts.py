"""Figures of timings: the stages of one query by side, the throughput of a batch, and times at equal quality."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.reports.figures.palette import AMBER, BLUE, GREEN, NAVY, NEUTRAL, PINK, VERMILION
from core.reports.figures.style import SEARCH_LOOKS, finish
from core.runtime.shared_types import named_rows

LIMIT = "least that this machine could take"

# In the order of the work. stage -> (colour on light, on dark, pattern): the pattern tells stages apart without colour
STAGES = {
    "hash": (*PINK, "."),
    "scan": (*VERMILION, ""),
    "product": (*BLUE, ""),
    "select": (*AMBER, "/"),
    "gather and re-rank": (*GREEN, "x"),
    "product and select": (*NAVY, "\\"),
    "scan and select": ("#8c4a00", "#ffb37a", "\\"),
}


def latency_figure(table: pd.DataFrame, labels: dict[str, str], dark: bool) -> go.Figure:
    """Stacked stages of one query, a bar a side, the fastest side at the top, and in words the whole's median and p95.

    `table` is that of `core.timing.timing.to_table`; `labels` names the sides.
    """
    table = table[table["threads"] == 1]
    whole = table[table["work"] == "query"].sort_values("median_ms", ascending=False)
    order = [labels[side] for side in whole["side"]]
    unit, factor = ("µs", 1000.0) if whole["median_ms"].max() < 1 else ("ms", 1.0)
    figure = go.Figure()
    for stage, (light, night, pattern) in STAGES.items():
        rows = table[table["work"] == f"query:{stage}"]
        if rows.empty:
            continue
        figure.add_bar(
            y=[labels[side] for side in rows["side"]],
            x=rows["median_ms"] * factor,
            orientation="h",
            name=stage,
            marker={"color": night if dark else light, "pattern": {"shape": pattern, "fillmode": "overlay", "size": 6}},
            customdata=rows["p95_ms"] * factor,
            hovertemplate=f"%{{y}}<br>{stage}: median %{{x:.2f}} {unit}, p95 %{{customdata:.2f}} {unit}<extra></extra>",
        )
    ends = [
        table[(table["side"] == side) & table["work"].str.startswith("query:")]["median_ms"].sum()
        for side in whole["side"]
    ]
    figure.add_scatter(
        y=order,
        x=np.array(ends) * factor,
        mode="text",
        text=[f" {row.median_ms * factor:.1f} (p95 {row.p95_ms * factor:.1f})" for row in named_rows(whole)],
        textposition="middle right",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )
    _add_limits(figure, whole["limit_ms"] * factor, order, f"%{{y}}<br>{LIMIT}: %{{x:.2f}} {unit}", dark)
    figure.update_layout(barmode="stack", bargap=0.35)
    finish(figure, f"{unit} a query, on one thread", "", height=190 + 44 * len(order))
    figure.update_layout(hovermode="closest", legend_traceorder="normal")
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=order, automargin=True, ticksuffix="  ")
    figure.update_xaxes(range=[0, 1.6 * factor * max(ends)])  # room for the numbers
    return figure


def throughput_figure(rows: pd.DataFrame, labels: dict[str, str], dark: bool) -> go.Figure:
    """Queries a second by side, the most at the top, and how many the machine could do at most.

    `rows` are the sides under one condition, all of one batch and one number of threads. The axis is logarithmic.
    """
    rows = rows.sort_values("median_ms", ascending=False)
    speed, most = (1000 * rows["batch"] / rows[name] for name in ("median_ms", "limit_ms"))
    names = [labels[side] for side in rows["side"]]
    figure = go.Figure()
    for name, low, high in zip(names, speed, most, strict=True):
        figure.add_scatter(x=[low, high], y=[name, name], mode="lines", showlegend=False, hoverinfo="skip",
                           line={"color": NEUTRAL, "dash": "dot", "width": 1})  # fmt: skip
    looks = [SEARCH_LOOKS[side.split("-")[0]] for side in rows["side"]]
    figure.add_scatter(
        x=speed,
        y=names,
        mode="markers+text",
        name="measured",
        text=[f"{value:,.0f} " for value in speed],
        textposition="middle left",
        cliponaxis=False,
        marker={"color": [look.colour(dark) for look in looks], "symbol": [look.symbol for look in looks], "size": 12},
        hovertemplate="%{y}: %{x:,.0f} queries/s<extra></extra>",
    )
    _add_limits(figure, most, names, "%{y}<br>the most that this machine could do: %{x:,.0f} queries/s", dark)
    threads, batch = int(rows["threads"].iloc[0]), int(rows["batch"].iloc[0])
    at = "one at a time" if batch == 1 else f"{batch:,} at a time"
    title = f"queries a second, {at}, on {threads} thread{'s' * (threads > 1)} (logarithmic)"
    finish(figure, title, "", height=150 + 36 * len(rows))
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=names, automargin=True, ticksuffix="  ")
    ends = np.log10([float(speed.min()), float(np.nanmax(np.maximum(speed, most.fillna(0))))])
    room = 0.25 * (ends[1] - ends[0] + 1)
    figure.update_xaxes(type="log", range=[ends[0] - room, ends[1] + 0.1 * room + 0.1], dtick=1)
    return figure


def equal_quality_figure(table: pd.DataFrame, labels: dict[str, str], dark: bool) -> go.Figure:
    """Time of one query by side at each share of exact search's quality; `table` is `at_equal_quality`'s of a hash."""
    rows = table.dropna(subset="median_ms")
    order = rows.groupby("side")["median_ms"].min().sort_values(ascending=False).index
    figure = go.Figure()
    for place, target in enumerate(sorted(rows["target"].unique())):
        part = rows[rows["target"] == target]
        looks = [SEARCH_LOOKS[side.split("-")[0]] for side in part["side"]]
        figure.add_scatter(
            x=1000 * part["median_ms"],
            y=[labels[side] for side in part["side"]],
            mode="markers",
            name=f"at least {target:g} % of exact search's",
            customdata=part[["bits", "multiplier", "quality", "p95_ms"]].astype(object).fillna("").to_numpy(),
            marker={
                "color": [look.colour(dark) for look in looks],
                "symbol": ("circle-open", "diamond", "square", "star")[place % 4],
                "size": 13,
                "line": {"width": 2},
            },
            hovertemplate="%{y}: %{x:.1f} µs<br>%{customdata[0]} bits × %{customdata[1]}, quality %{customdata[2]:.4f}"
            "<extra></extra>",
        )
    finish(figure, "µs a query, on one thread (logarithmic)", "", height=150 + 40 * len(order))
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=[labels[side] for side in order],
        automargin=True,
        ticksuffix="  ",
    )
    figure.update_xaxes(type="log", tickvals=[m * 10**p for p in range(6) for m in (1, 2, 5)])
    return figure


def _add_limits(figure: go.Figure, limits: pd.Series, names: list[str], hover: str, dark: bool) -> None:
    """A tick at each side's limit."""
    figure.add_scatter(
        x=limits,
        y=names,
        mode="markers",
        name="machine's limit",
        marker={
            "symbol": "line-ns",
            "size": 22,
            "line": {"width": 3, "color": "#ffffff" if dark else "#000000"},
        },
        hovertemplate=hover + "<extra></extra>",
    )
