"""Figures of timings: the stages of one query by side, and the throughput of a batch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.style import SEARCH_LOOKS, finish

# In the order of the work. stage -> (colour on light, on dark, pattern): the pattern tells stages apart without colour
STAGES = {
    "hash": ("#b85f93", "#dd93be", "."),
    "scan": ("#d55e00", "#f07f35", ""),
    "product": ("#0072b2", "#4fa3df", ""),
    "select": ("#b07a00", "#eab92d", "/"),
    "gather and re-rank": ("#008f68", "#2dbb90", "x"),
    "product and select": ("#0b3c5d", "#7f93ff", "\\"),
}


def latency_figure(table: pd.DataFrame, labels: dict[str, str], dark: bool) -> go.Figure:
    """Stacked stages of one query, a bar a side, the fastest side at the top, and in words the whole's median and p95.

    `table` is that of `core.timing.to_table`; `labels` names the sides.
    """
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
        text=[f" {row.median_ms * factor:.1f} (p95 {row.p95_ms * factor:.1f})" for row in whole.itertuples()],
        textposition="middle right",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )
    figure.update_layout(barmode="stack", bargap=0.35)
    finish(figure, f"{unit} a query, on one thread", "", height=170 + 52 * len(order))
    figure.update_layout(hovermode="closest", legend_traceorder="normal")
    figure.update_yaxes(categoryorder="array", categoryarray=order, automargin=True, ticksuffix="  ")
    figure.update_xaxes(range=[0, 1.6 * factor * max(ends)])  # room for the numbers
    return figure


def throughput_figure(table: pd.DataFrame, labels: dict[str, str], dark: bool) -> go.Figure:
    """Queries a second by side, the most at the top; the text says the number."""
    rows = table[table["work"] == "batch"].sort_values("median_ms", ascending=False)
    speed = 1000 * rows["batch"] / rows["median_ms"]
    colours = [SEARCH_LOOKS["hashed" if side == "hashed" else "exact"].colour(dark) for side in rows["side"]]
    shapes = ["/" if side == "hashed" else "" for side in rows["side"]]
    figure = go.Figure(
        go.Bar(
            y=[labels[side] for side in rows["side"]],
            x=speed,
            orientation="h",
            text=[f"{value:,.0f}" for value in speed],
            textposition="outside",
            cliponaxis=False,
            marker={"color": colours, "pattern": {"shape": shapes, "fillmode": "overlay", "size": 6}},
            hovertemplate="%{y}: %{x:,.0f} queries/s<extra></extra>",
        )
    )
    threads = int(rows["threads"].iloc[0])
    finish(
        figure,
        f"queries a second, on {threads} thread{'s' * (threads > 1)}",
        "",
        height=120 + 46 * len(rows),
    )
    figure.update_layout(hovermode="closest", bargap=0.35, showlegend=False)
    figure.update_yaxes(automargin=True, ticksuffix="  ")
    figure.update_xaxes(range=[0, 1.2 * float(speed.max())])  # room for the numbers
    return figure
