"""Figures of the Queries page: right and wrong in a 2 x 2, differences by query, confusion."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.metrics.intervals import Comparison
from core.reports.difference_bins import bin_differences
from core.reports.figures.palette import GREY, INK, PAPER
from core.reports.figures.style import faded
from core.runtime.shared_types import Json

# Good for both, the two kinds of change, bad for both: words and counts stand in each cell, colour only helps.
CELL_COLOURS = {
    False: (("#00795a", "#b84a00"), ("#1f6fb2", "#6b7280")),
    True: (("#2dbb90", "#f07f35"), ("#4fa3df", "#aab2bd")),
}
CELL_WORDS = (("Both right", "Lost by the hash"), ("Gained by the hash", "Both wrong"))
SIGNS = {"loss": ("#b84a00", "#f07f35", "/"), "tie": (*GREY, ""), "win": ("#1f6fb2", "#4fa3df", "")}


def two_by_two(counts: np.ndarray, dark: bool) -> go.Figure:
    """Queries int (2, 2), rows exact right and wrong, columns hashed right and wrong, as four labelled fields."""
    figure, total = go.Figure(), max(int(counts.sum()), 1)
    for row in range(2):
        for column in range(2):
            count, words = int(counts[row, column]), CELL_WORDS[row][column]
            colour = CELL_COLOURS[dark][row][column]
            x, y = column, 1 - row
            box = {"x0": x - 0.48, "x1": x + 0.48, "y0": y - 0.46, "y1": y + 0.46}
            figure.add_shape(
                type="rect", **box, line={"color": colour, "width": 2}, fillcolor=faded(colour, 0.12), layer="below"
            )
            for lift, text, size in (
                (0.25, words, 13),
                (0.0, f"<b>{count:,}</b>", 22),
                (-0.25, f"{count / total:.1%}", 13),
            ):
                font = {"color": INK.on(dark), "size": size}
                figure.add_annotation(x=x, y=y + lift, text=text, showarrow=False, font=font)
    plain = {"showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(
        range=[-0.5, 1.5], tickvals=[0, 1], ticktext=["hashed right", "hashed wrong"], side="top", **plain
    )
    figure.update_yaxes(range=[-0.5, 1.5], tickvals=[1, 0], ticktext=["exact<br>right", "exact<br>wrong"], **plain)
    return figure.update_layout(height=320, margin={"l": 10, "r": 10, "t": 30, "b": 10}, showlegend=False)


def differences(values: np.ndarray, compared: Comparison, label: str, dark: bool, logarithmic: bool) -> go.Figure:
    """Histogram of hashed minus exact by query (Q,): losses left of 0, wins right; ties are a bar of their own."""
    edges, counts = bin_differences(values)
    middle, width = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    figure = go.Figure()
    for name, words, side in (("loss", "Hashed worse", middle < 0), ("win", "Hashed better", middle > 0)):
        figure.add_bar(
            x=middle[side],
            y=counts[side],
            width=width[side],
            name=words,
            customdata=np.column_stack([edges[:-1][side], edges[1:][side]]),
            hovertemplate="%{customdata[0]:+.3f} to %{customdata[1]:+.3f}: %{y:,} queries<extra></extra>",
            marker=_marker(name, dark),
        )
    figure.add_bar(
        x=[0.0],
        y=[compared.ties],
        width=[width[0] / 3],
        name="Equal",
        hovertemplate="equal: %{y:,} queries<extra></extra>",
        marker=_marker("tie", dark),
    )
    figure.add_vrect(x0=compared.low, x1=compared.high, fillcolor=INK.on(dark), opacity=0.25, line_width=0)
    figure.add_vline(
        x=compared.difference,
        line={"color": INK.on(dark), "dash": "dash", "width": 1.5},
        annotation={"text": f"mean {compared.difference:+.4f}", "font": {"color": INK.on(dark)}, "yanchor": "bottom"},
        annotation_position="top left" if compared.difference <= 0 else "top right",
    )
    figure.update_layout(
        height=320,
        margin={"l": 10, "r": 10, "t": 55, "b": 10},
        legend={"orientation": "h", "y": 1.1, "yanchor": "bottom", "x": 0},
        bargap=0,
        barmode="overlay",
    )
    room = 0.02 * (edges[-1] - edges[0])
    span = [edges[0] - room, edges[-1] + room]
    figure.update_xaxes(title=f"{label}, hashed − exact", zeroline=False, range=span)
    return figure.update_yaxes(title="queries", type="log" if logarithmic else "linear")


def _marker(name: str, dark: bool) -> Json:
    light, night, shape = SIGNS[name]
    stripes = {"shape": shape, "size": 6, "solidity": 0.35, "fillmode": "overlay", "fgcolor": PAPER.on(dark)}
    return {"color": night if dark else light, "line": {"width": 0}, "pattern": stripes}
