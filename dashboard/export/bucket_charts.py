"""Quality against candidates: what cells and hash tables buy."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from core.reports.figures.palette import AMBER, GREEN, GREY, PINK, VERMILION
from core.reports.figures.style import SEARCH_LOOKS, Look, finish
from core.studies.buckets.lookups import BUCKETS, EXACT, HAMMING
from core.studies.buckets.study import ANSWERED, CANDIDATES, KEY_COST

LOOKS = {  # a colour and a sign for each way to find candidates, in the order of the legend
    "k-means cells": Look("k-means cells", *VERMILION, "solid", "diamond"),
    "k-means cells after PCA": Look("k-means cells after PCA", *AMBER, "dot", "diamond-open"),
    "Random hyperplanes": Look("Random hyperplanes", *GREEN, "dash", "square"),
    "Neural LSH": Look("Neural LSH", *PINK, "dashdot", "triangle-up"),
    "FourierHashNet": Look("FourierHashNet", "#6a51a3", "#a996e0", "longdash", "star"),
}
RANKED = Look("Hamming ranking, no buckets", *GREY, "dot", "x")


def scatter(table: pd.DataFrame, metric: str, dark: bool) -> go.Figure:
    """One mark a row: candidates (logarithmic) and the metric; exact ranking is a line across and a mark."""
    figure = go.Figure()
    exact = table[table["search"] == EXACT]
    for value in exact[metric]:
        figure.add_hline(y=value, line={"color": SEARCH_LOOKS["exact"].colour(dark), "dash": "dash", "width": 1})
    _add(figure, exact, metric, SEARCH_LOOKS["exact"].label + " ranking", SEARCH_LOOKS["exact"], dark)
    found = table[table["search"] == BUCKETS]
    for name, look in LOOKS.items():
        _add(figure, found[found["method"] == name], metric, look.label, look, dark)
    _add(figure, table[table["search"] == HAMMING], metric, RANKED.label, RANKED, dark)
    finish(figure, "Images compared with the query (mean, logarithmic)", metric, height=480)
    figure.update_layout(hovermode="closest")
    candidates = table[CANDIDATES]
    low, high = candidates[candidates > 0].min(), candidates.max()
    ticks = [step * 10**power for power in range(8) for step in (1, 3)]
    figure.update_xaxes(
        type="log",
        range=[math.log10(low) - 0.1, math.log10(high) + 0.1],
        tickvals=ticks,
        ticktext=[f"{tick:,}" for tick in ticks],
    )
    return figure


def describe(table: pd.DataFrame, metric: str) -> str:
    """The figure in words, for those who do not see it."""
    found = table[table["search"] == BUCKETS]
    exact = table[table["search"] == EXACT].iloc[0]
    best, fewest = found.iloc[int(found[metric].argmax())], found.iloc[int(found[CANDIDATES].argmin())]
    told = [
        f"{row['method']}, {row['parameters']}: {row[metric]:.4f} with {row[CANDIDATES]:,.0f} images"
        for row in (best, fewest)
    ]
    return f"{metric}. Exact ranking: {exact[metric]:.4f}. Best of the buckets: {told[0]}. Fewest images: {told[1]}."


def _add(figure: go.Figure, rows: pd.DataFrame, metric: str, name: str, look: Look, dark: bool) -> None:
    if rows.empty:
        return
    figure.add_scatter(
        x=rows[CANDIDATES],
        y=rows[metric],
        name=name,
        mode="markers",
        marker={"symbol": look.symbol, "color": look.colour(dark), "size": 10},
        hovertext=[
            f"{row['method']}, {row['parameters']}<br>{metric} {row[metric]:.4f}<br>{row[CANDIDATES]:,.0f} images "
            f"compared, {row[KEY_COST]:,.0f} products for the key<br>{100 * row[ANSWERED]:.1f} % of queries answered"
            for _, row in rows.iterrows()
        ],
        hoverinfo="text",
    )
