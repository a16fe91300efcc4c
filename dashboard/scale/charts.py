"""Figures of cost at scale: measured points, and the models through them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.reports.figures.palette import BLUE, NAVY, NEUTRAL, SKY
from core.reports.figures.style import SEARCH_LOOKS, Look, finish

LOOKS = {
    "exact-blas": Look("Exact: BLAS", *SKY, "dot", "circle-open"),
    "exact-faiss": Look("Exact: faiss", *NAVY, "dashdot", "square-open"),
    "exact-chunked": Look("Exact: own scan by chunks", *BLUE, "solid", "circle"),
    "hashed": Look("Hashed", SEARCH_LOOKS["hashed"].light, SEARCH_LOOKS["hashed"].dark, "dash", "diamond"),
}
AXES = {
    "n": "Images in the gallery, N",
    "bits": "Code length, bits",
    "multiplier": "Multiplier of the shortlist",
    "k": "Images returned, k",
}


def size_figure(points: pd.DataFrame, lines: dict[str, np.ndarray], counts: np.ndarray, dark: bool) -> go.Figure:
    """Time of a query against N on log axes: points measured, and each side's model over `counts`, float64 (C,).

    `points` is `core.scale.findings.per_query` of the curve of N; `lines` has milliseconds at `counts` by side. What
    lies beyond the last measured point is shaded: a projection.
    """
    figure = go.Figure()
    for side, look in LOOKS.items():
        rows = points[points["side"] == side]
        if rows.empty:
            continue
        _add_points(figure, rows, look, dark)
        if side in lines:
            figure.add_scatter(
                x=counts,
                y=lines[side],
                mode="lines",
                name=f"{look.label}, model",
                legendgroup=side,
                showlegend=False,
                line={"color": look.colour(dark), "dash": look.dash, "width": 1.5},
                hovertemplate="model: %{y:.3g} ms at N = %{x:,.3s}<extra>" + look.label + "</extra>",
            )
    last = float(points["n"].max())
    finish(figure, AXES["n"], "Time of a query", height=460)
    if len(counts) and counts[-1] > last:
        figure.add_vrect(x0=last * 1.3, x1=counts[-1] * 1.2, fillcolor=NEUTRAL, opacity=0.12, line_width=0)
        figure.add_annotation(
            x=np.log10(last * 1.5), xref="x", xanchor="left", y=1, yref="paper", yanchor="top",
            text="projection, not measured", showarrow=False,
        )  # fmt: skip
    return _log_axes(figure, "n")


def growth_figure(points: pd.DataFrame, curve: str, lines: dict[str, np.ndarray], dark: bool) -> go.Figure:
    """Time of one query as bits, multiplier or k grow: points measured, and the models at the same places."""
    figure = go.Figure()
    for side, look in LOOKS.items():
        rows = points[points["side"] == side]
        if rows.empty:
            continue
        _add_points(figure, rows, look, dark)
        if side in lines:
            figure.add_scatter(
                x=rows["at"],
                y=lines[side],
                mode="lines",
                name=f"{look.label}, model",
                legendgroup=side,
                showlegend=False,
                hoverinfo="skip",
                line={"color": look.colour(dark), "dash": look.dash, "width": 1.5},
            )
    finish(figure, AXES[curve], "Time of a query", height=330)
    figure.update_layout(showlegend=False)
    return _log_axes(figure, curve)


def _add_points(figure: go.Figure, rows: pd.DataFrame, look: Look, dark: bool) -> None:
    figure.add_scatter(
        x=rows["at"],
        y=rows["ms"],
        mode="markers",
        name=look.label,
        legendgroup=rows["side"].iloc[0],
        customdata=np.stack([rows["p95"], rows["runs"]], axis=1),
        hovertemplate="%{y:.3g} ms, p95 %{customdata[0]:.3g} ms, %{customdata[1]} runs<extra>"
        + look.label
        + "</extra>",
        marker={"color": look.colour(dark), "symbol": look.symbol, "size": 10, "line": {"width": 1.5}},
    )


def _log_axes(figure: go.Figure, curve: str) -> go.Figure:
    figure.update_layout(hovermode="closest")
    mantissas = (1, 3) if curve == "n" else (1, 1.5, 2, 3, 5, 7)
    times = [mantissa * 10.0**power for power in range(-4, 7) for mantissa in mantissas]
    figure.update_yaxes(type="log", tickvals=times, ticktext=[_time(each) for each in times])
    if curve == "n":
        counts = [10**power for power in range(3, 11)]
        return figure.update_xaxes(type="log", tickvals=counts, ticktext=[_count(each) for each in counts])
    places = sorted({float(x) for trace in figure.data if trace.mode == "markers" for x in trace.x})
    kind = "linear" if curve == "bits" else "log"
    return figure.update_xaxes(type=kind, tickvals=places, ticktext=[f"{each:g}" for each in places])


def _time(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:g} s"
    return f"{milliseconds:g} ms" if milliseconds >= 1 else f"{1000 * milliseconds:g} µs"


def _count(n: int) -> str:
    for unit, name in ((10**9, "billion"), (10**6, "million")):
        if n >= unit:
            return f"{n // unit} {name}"
    return f"{n:,}"
