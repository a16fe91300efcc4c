"""Figures of the Encoders page: quality against time, class similarities, the training run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.reports.figures.palette import BLUE, VERMILION
from core.reports.figures.style import SEARCH_LOOKS, finish, name_axis, places
from core.runtime.shared_types import Json
from dashboard.shared.placeholder_cards import readable, readable_names

MARGIN = {"l": 10, "r": 10, "t": 40, "b": 10}
LINES = {"loss": VERMILION, "held_out_accuracy": BLUE}


def quality_figure(table: pd.DataFrame, quality: str, time: str, titles: tuple[str, str], dark: bool) -> go.Figure:
    """Quality against encode time, a point an encoder and search. `quality` is a column of the encoder table, with
    its hashed one where there is one; `time` the column of the milliseconds, `titles` those of the axes."""
    figure = go.Figure()
    for search, column in (("exact", quality), ("hashed", f"hashed_{quality}")):
        if column not in table:
            continue
        rows, look = table[table[time].notna() & table[column].notna()], SEARCH_LOOKS[search]
        figure.add_scatter(
            x=rows[time].astype(float),
            y=rows[column].astype(float),
            error_y={
                "array": rows[f"{column}_high"] - rows[column],
                "arrayminus": rows[column] - rows[f"{column}_low"],
                "thickness": 1.5,
            },
            mode="markers+text" if search == "exact" else "markers",
            name=look.label,
            text=rows["encoder"],
            textposition="top right",
            cliponaxis=False,
            hovertemplate="%{text}: %{y:.4f}, %{x:.3g} ms<extra>" + look.label + "</extra>",
            marker={"color": look.colour(dark), "symbol": look.symbol, "size": 12},
        )
    finish(figure, *titles)
    figure.update_layout(hovermode="closest")
    times = table[time].dropna().astype(float)
    if len(times):  # room on the right for the names
        low, high = np.log10(times.min()) - 0.15, np.log10(times.max()) + 0.35
        figure.update_xaxes(range=[low, high])
    ticks = [mantissa * 10.0**power for power in range(-4, 6) for mantissa in (1, 2, 5)]
    return figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{tick:g} ms" for tick in ticks])


def similarity_map(
    values: np.ndarray,
    names: Sequence[str],
    groups: Sequence[str] | None,
    span: tuple[float, float],
    digits: str = ".3f",
) -> go.Figure:
    """Values (C, C) in the order given as colours over `span`; `groups` names each class's superclass, whose runs the
    axes then show. The page's scale of colours: pale is unlike, deep is alike (on a dark page the other way)."""
    words, keys = readable_names(names), places(names)
    bar = {"orientation": "h", "y": 1.01, "yanchor": "bottom", "len": 0.6, "x": 0, "xanchor": "left"}
    figure = go.Figure(
        go.Heatmap(
            z=np.round(values, 4),
            x=keys,
            y=keys,
            text=[[f"{row} – {column}" for column in words] for row in words],
            zmin=span[0],
            zmax=span[1],
            colorbar=bar | {"thickness": 10, "outlinewidth": 0, "nticks": 5},
            hovertemplate="%{text}<br>%{z:" + digits + "}<extra></extra>",
            hoverongaps=False,
        )
    )
    grid = {"showgrid": False, "zeroline": False, "automargin": True, "ticks": "", **name_axis(words)}
    figure.update_xaxes(**grid, showticklabels=False)
    figure.update_yaxes(**grid, autorange="reversed")
    figure.update_layout(height=480, margin=MARGIN)
    if groups is None:
        return figure
    starts = [i for i in range(len(groups)) if i == 0 or groups[i] != groups[i - 1]]
    ends = [*starts[1:], len(groups)]
    figure.update_layout(shapes=_lines([start - 0.5 for start in starts[1:]]))
    centres = [(a + b - 1) / 2 for a, b in zip(starts, ends, strict=True)]
    return figure.update_yaxes(tickvals=centres, ticktext=[readable(groups[a]) for a in starts])


def _lines(places: Sequence[float]) -> list[Json]:
    """Thin lines across the figure at these places of both axes, all at once: added one by one they take seconds."""
    shapes = []
    for place in places:
        for along, across in (("x", "y"), ("y", "x")):
            ends = {f"{along}ref": f"{along} domain", f"{along}0": 0, f"{along}1": 1}
            at = {f"{across}0": place, f"{across}1": place}
            shapes.append({"type": "line", **ends, **at, "line": {"color": "#8a929c", "width": 0.5}})
    return shapes


def level_figure(levels: pd.DataFrame, titles: tuple[str, str], dark: bool) -> go.Figure:
    """One box per level of the tree (`class_similarity.by_level`): quartiles, whiskers at 5 and 95 %, the mean."""
    look = SEARCH_LOOKS["exact"]
    text = [f"{level:g}" for level in levels["level"]]
    figure = go.Figure(
        go.Box(
            x=text,
            q1=levels["lower"],
            median=levels["median"],
            q3=levels["upper"],
            lowerfence=levels["low"],
            upperfence=levels["high"],
            mean=levels["mean"],
            boxmean=True,
            marker={"color": look.colour(dark)},
            line={"width": 1.5},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.add_scatter(
        x=text,
        y=levels["mean"],
        mode="lines+markers",
        line={"color": look.colour(dark), "dash": "dot", "width": 1},
        marker={"symbol": "diamond", "size": 6},
        customdata=levels[["pairs", "median", "low", "high"]],
        hovertemplate="tree %{x}: mean %{y:.3f}, median %{customdata[1]:.3f}<br>9 in 10 from %{customdata[2]:.3f} to "
        "%{customdata[3]:.3f}<br>%{customdata[0]:,} pairs<extra></extra>",
        showlegend=False,
    )
    finish(figure, *titles, height=360)
    figure.update_layout(hovermode="closest")
    return figure.update_xaxes(type="category")


def training_figure(log: pd.DataFrame, column: str, title: str, dark: bool) -> go.Figure:
    """One column of a training log over its epochs, the best accuracy marked."""
    rows = log[["epoch", column]].dropna()
    colour = LINES.get(column, LINES["loss"])[dark]
    share = "accuracy" in column
    figure = go.Figure(
        go.Scatter(
            x=rows["epoch"],
            y=rows[column],
            mode="lines" if len(rows) > 1 else "markers",
            line={"color": colour, "width": 2},
            hovertemplate="%{y:.2%}" if share else "%{y:.4f}",
            name=title,
            showlegend=False,
        )
    )
    finish(figure, "epoch", title, height=320)
    if share and len(rows):
        best = rows.iloc[int(rows[column].argmax())]
        figure.add_annotation(
            x=best["epoch"], y=best[column], text=f"best {best[column]:.2%}", showarrow=True, arrowhead=2, ay=30, ax=-30
        )
        figure.update_yaxes(tickformat=".0%")
    return figure
