"""Quality against cost, one point a setting, with the Pareto front."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.reports.figures.palette import NEUTRAL
from core.reports.figures.style import APPROXIMATE_LOOK, CONTROL_LOOKS, SEARCH_LOOKS, finish
from dashboard.shared.shades import SCALES
from dashboard.tradeoff.grid_charts import Mark


def cost_figure(
    points: pd.DataFrame,
    front: np.ndarray,
    exact: tuple[float, float],
    cost: str,
    titles: tuple[str, str],
    floor: tuple[float, str],
    marks: list[Mark],
    dark: bool,
    approximate: pd.DataFrame | None = None,
) -> go.Figure:
    """Quality against cost, one point a setting. `points` has bits, multiplier, quality, `cost`, hover and control.

    `front` are cost and quality (n, 2) of the Pareto front, `exact` those of exact search, `titles` of the axes;
    `floor` is the quality that is asked for, with its label; `approximate` has `cost`, quality and hover of measured
    approximate indexes.
    """
    figure = go.Figure()
    own = points[~points["control"] & points[cost].notna()]
    _add_settings(figure, own, cost, front, dark)
    _add_controls(figure, points[points["control"] & points[cost].notna()], cost, dark)
    look = SEARCH_LOOKS["exact"]
    figure.add_scatter(
        x=[exact[0]],
        y=[exact[1]],
        mode="markers",
        name="Exact search",
        hovertext=[f"Exact search: {exact[1]:.4f}<br>{titles[0]}: {exact[0]:,.4g}"],
        hoverinfo="text",
        marker={"color": look.colour(dark), "symbol": look.symbol, "size": 13},
    )
    if approximate is not None and len(approximate):
        _add_approximate(figure, approximate, cost, dark)
    _add_marks(figure, own, cost, marks, dark)
    figure.add_hline(y=floor[0], line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=floor[0], yanchor="top", text=floor[1], showarrow=False,
        font={"color": NEUTRAL, "size": 12},
    )  # fmt: skip
    finish(figure, *titles, height=470)
    figure.update_layout(hovermode="closest")
    ticks = [mantissa * 10.0**power for power in range(-5, 12) for mantissa in (1, 2, 5)]
    text = [_time(tick) if cost == "ms" else _size(tick) for tick in ticks]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=text)
    return figure


def _add_settings(figure: go.Figure, own: pd.DataFrame, cost: str, front: np.ndarray, dark: bool) -> None:
    """The hash's settings, shaded by length, and the front that no other point beats."""
    hashed = SEARCH_LOOKS["hashed"]
    bar = {"title": {"text": "bits"}, "orientation": "h", "y": -0.2, "yanchor": "top", "thickness": 10}
    figure.add_scatter(
        x=own[cost],
        y=own["quality"],
        mode="markers",
        name="Settings (shade: bits)",
        hovertext=own["hover"],
        hoverinfo="text",
        marker={
            "color": own["bits"],
            "colorscale": SCALES[dark][2:],
            "size": 8,
            "symbol": hashed.symbol,
            "line": {"width": 0.5, "color": NEUTRAL},
            "colorbar": bar,
            "showscale": own["bits"].nunique() > 1,
        },
    )
    figure.add_scatter(
        x=front[:, 0],
        y=front[:, 1],
        mode="lines",
        name="Pareto front",
        hoverinfo="skip",
        line={"color": hashed.colour(dark), "dash": "solid", "width": 2, "shape": "hv"},
    )


def _add_controls(figure: go.Figure, controls: pd.DataFrame, cost: str, dark: bool) -> None:
    """What chance and the bare predicted class reach."""
    for name, look in CONTROL_LOOKS.items():
        rows = controls[controls["hash"] == name]
        if len(rows):
            figure.add_scatter(
                x=rows[cost],
                y=rows["quality"],
                mode="lines+markers",
                name=look.label,
                hovertext=rows["hover"],
                hoverinfo="text",
                line={"color": look.colour(dark), "dash": look.dash, "width": 1},
                marker={"symbol": look.symbol, "size": 8},
            )


def _add_approximate(figure: go.Figure, rows: pd.DataFrame, cost: str, dark: bool) -> None:
    """What approximate indexes of a search engine reached."""
    figure.add_scatter(
        x=rows[cost],
        y=rows["quality"],
        mode="markers",
        name=APPROXIMATE_LOOK.label,
        hovertext=rows["hover"],
        hoverinfo="text",
        marker={"color": APPROXIMATE_LOOK.colour(dark), "symbol": APPROXIMATE_LOOK.symbol, "size": 11},
    )


def _add_marks(figure: go.Figure, own: pd.DataFrame, cost: str, marks: list[Mark], dark: bool) -> None:
    """A ring around the current setting, a square around the cheapest good one."""
    for place, mark in enumerate(marks):
        row = own[(own["bits"] == mark.bits) & (own["multiplier"] == mark.multiplier)]
        figure.add_scatter(
            x=row[cost],
            y=row["quality"],
            mode="markers",
            name=mark.name,
            hoverinfo="skip",
            marker={
                "symbol": ("circle-open", "square-open")[place],
                "size": (18, 24)[place],
                "color": ("#ffffff" if dark else "#000000", SEARCH_LOOKS["hashed"].colour(dark))[place],
                "line": {"width": 2.5},
            },
        )


def _size(count: float) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:g} {name}"
    return f"{count:g} B"


def _time(milliseconds: float) -> str:
    return f"{milliseconds:g} ms" if milliseconds >= 1 else f"{1000 * milliseconds:g} µs"
