"""Figures of one method's codes: distances by relation, even bits, correlation of bits."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.reports.code_statistics import CodeStatistics
from core.reports.distance_histograms import OTHER, SAME, SUPERCLASS, DistanceHistograms
from core.reports.figures.palette import AMBER, GREEN, GREY, NEUTRAL
from core.reports.figures.style import Look, faded, finish

RELATION_LOOKS = {
    SAME: Look("Same class", *GREEN, "solid", "circle"),
    SUPERCLASS: Look("Same superclass, other class", *AMBER, "dash", "square"),
    OTHER: Look("Other superclass", *GREY, "dot", "diamond"),
}


def histogram_figure(histograms: DistanceHistograms, title: str, dark: bool) -> go.Figure:
    """The share of pairs at each distance, a filled line a relation."""
    figure = go.Figure()
    for relation, shares in histograms.shares.items():
        look = RELATION_LOOKS[relation]
        figure.add_scatter(
            x=histograms.at,
            y=shares,
            name=look.label,
            mode="lines",
            line={"color": look.colour(dark), "dash": look.dash, "width": 2, "shape": "hvh"},
            fill="tozeroy",
            fillcolor=faded(look.colour(dark), 0.18),
            hovertemplate="%{y:.2%}",
        )
    finish(figure, title, "Share of the relation's pairs", height=380)
    return figure.update_yaxes(tickformat=".0%", rangemode="tozero")


def balance_figure(statistics: CodeStatistics, dark: bool) -> go.Figure:
    """The share of ones of each bit, against one half."""
    look = RELATION_LOOKS[SAME]
    bits = np.arange(1, len(statistics.ones) + 1)
    figure = go.Figure(
        go.Bar(
            x=bits,
            y=statistics.ones,
            marker={"color": look.colour(dark)},
            hovertemplate="bit %{x}: %{y:.1%} ones<extra></extra>",
        )
    )
    line = {"color": NEUTRAL, "width": 1.5, "dash": "dash"}
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=0.5, y1=0.5, line=line)
    finish(figure, "Bit", "Share of ones", height=320)
    figure.update_layout(hovermode="closest", bargap=0.15)
    return figure.update_yaxes(range=[0, 1], tickformat=".0%")


def correlation_figure(statistics: CodeStatistics) -> go.Figure:
    """|r| between every two bits; the page's scale of colours, the diagonal empty."""
    values = np.abs(statistics.correlation)
    np.fill_diagonal(values, np.nan)
    bits = np.arange(1, len(values) + 1)
    figure = go.Figure(
        go.Heatmap(
            z=np.round(values, 3), x=bits, y=bits, zmin=0, zmax=1,
            colorbar={"thickness": 10, "outlinewidth": 0, "nticks": 5, "title": {"text": "|r|"}},
            hovertemplate="bits %{y} and %{x}: |r| = %{z:.3f}<extra></extra>", hoverongaps=False,
        )
    )  # fmt: skip
    finish(figure, "Bit", "Bit", height=320)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(showgrid=False, zeroline=False)
    return figure.update_yaxes(autorange="reversed", showgrid=False, zeroline=False)
