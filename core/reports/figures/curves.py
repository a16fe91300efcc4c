"""Figures of metrics over k: lines with their bands, the current k, and the ceiling that a definition has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from core.engine.results import Curve
from core.reports.figures.palette import NEUTRAL
from core.reports.figures.style import Look, faded, frame
from core.runtime.shared_types import Json

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_POINTS = 120
LOG_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Line:
    """One line of a figure."""

    label: str
    look: Look
    curve: Curve


def thin(ks: np.ndarray, keep: int, most: int = MOST_POINTS) -> np.ndarray:
    """Indices of about `most` of the ascending k, int64: the first, the last and `keep` always among them.

    Half are evenly spaced, half by their logarithm, so that either axis has enough of them.
    """
    count = len(ks)
    if count <= most:
        return np.arange(count)
    even = np.linspace(0, count - 1, most // 2)
    logarithmic = np.searchsorted(ks, np.geomspace(ks[0], ks[-1], most // 2))
    kept = np.flatnonzero(ks == keep)
    return np.unique(np.concatenate([even.round(), np.minimum(logarithmic, count - 1), kept]).astype(np.int64))


def metric_figure(
    lines: Sequence[Line],
    k: int,
    title: str,
    ceiling: Curve | None = None,
    logarithmic: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Lines over k with their 95 % bands, and a mark at `k`.

    `ceiling` is the value of a perfect ranking where that is not 1.
    """
    from plotly.graph_objects import Figure

    traces = [trace for line in lines for trace in line_traces(line, k, dark, _where(line, lines))]
    if ceiling is not None:
        traces.append(_ceiling_trace(ceiling, k))
    x_axis: Json = {"title": {"text": "k (images returned)", "standoff": 6}, "hoverformat": "d"}
    if logarithmic:
        x_axis |= {"type": "log", "tickvals": LOG_TICKS, "ticktext": [f"{tick:,}" for tick in LOG_TICKS]}
    layout = {
        **frame(height=360 + 22 * len(lines)),
        **mark_k(k, logarithmic),
        "xaxis": x_axis,
        "yaxis": {"title": {"text": title}},
    }
    return Figure(data=traces, layout=layout)  # plotly checks it once; added part by part, five times as long


def panels_figure(panels: Sequence[tuple[str, Sequence[Line]]], title: str) -> go.Figure:
    """Panels side by side, each with its heading: lines over k at every point they have, on a light page."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=len(panels), subplot_titles=[heading for heading, _ in panels])
    named: set[str] = set()
    for column, (_, lines) in enumerate(panels, start=1):
        for line in lines:
            band, drawn = line_traces(line, int(line.curve.ks[0]), False, "", most=len(line.curve.ks))
            drawn["showlegend"] = line.label not in named  # one entry for all panels
            named.add(line.label)
            figure.add_traces([band, drawn], rows=1, cols=column)
    figure.update_xaxes(title_text="k", hoverformat="d")
    figure.update_yaxes(rangemode="tozero")
    return figure.update_layout(
        title_text=title, template="plotly_white", hovermode="x unified", width=max(700, 520 * len(panels)), height=480
    )


def line_traces(line: Line, keep: int, dark: bool, where: str, most: int = MOST_POINTS) -> list[Json]:
    """One line and its band; a few signs along it tell it apart without colour. `where` ends the hover text: a line
    without the k that is pointed at shows its nearest, and must say so."""
    label, look, curve = line.label, line.look, line.curve
    kept = thin(curve.ks, keep, most)
    x, mean, low, high = (values[kept] for values in (curve.ks, curve.mean, curve.low, curve.high))
    colour = look.colour(dark)
    band = {
        "type": "scatter",
        "x": np.concatenate([x, x[::-1]]),
        "y": np.concatenate([high, low[::-1]]),
        "fill": "toself",
        "fillcolor": faded(colour, 0.2),
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": label,
        "name": f"{label}, 95 % band",
    }
    drawn = {
        "type": "scatter",
        "x": x,
        "y": mean,
        "customdata": np.column_stack([low, high]),
        "name": label,
        "legendgroup": label,
        "mode": "lines+markers",
        "line": {"color": colour, "dash": look.dash, "width": 2},
        "marker": {"symbol": look.symbol, "size": 7, "maxdisplayed": 8},
        "hovertemplate": "%{y:.4f} (%{customdata[0]:.4f} to %{customdata[1]:.4f})" + where,
    }
    return [band, drawn]


def mark_k(k: int, logarithmic: bool) -> Json:
    """Of the layout: a vertical line at the current k with its label at the bottom."""
    shape = {"type": "line", "x0": k, "x1": k, "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    label = {
        "x": log10(k) if logarithmic else k,  # an annotation on a logarithmic axis stands at the exponent
        "y": 0,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "left",
        "xshift": 4,
        "text": f"k = {k}",
        "showarrow": False,
        "font": {"color": NEUTRAL, "size": 12},
    }
    return {"shapes": [{**shape, "line": {"color": NEUTRAL, "width": 1}}], "annotations": [label]}


def _where(line: Line, lines: Sequence[Line]) -> str:
    return "" if np.array_equal(line.curve.ks, lines[0].curve.ks) else " at k = %{x}"


def _ceiling_trace(ceiling: Curve, keep: int) -> Json:
    kept = thin(ceiling.ks, keep)
    return {
        "type": "scatter",
        "x": ceiling.ks[kept],
        "y": ceiling.mean[kept],
        "name": "Ceiling (perfect ranking)",
        "mode": "lines",
        "line": {"color": NEUTRAL, "dash": "dot", "width": 1.5},
        "hovertemplate": "%{y:.4f}",
    }


def describe(lines: Sequence[Line], k: int, title: str) -> str:
    """The figure in words, for those who do not see it: its values at k (of a line without it, at the k before)."""
    parts = []
    for line in lines:
        column = max(int(np.searchsorted(line.curve.ks, k, side="right")) - 1, 0)
        parts.append(f"{line.label} {line.curve.mean[column]:.4f} at k = {line.curve.ks[column]}")
    return f"{title} over k with 95 % bands. " + "; ".join(parts) + "."
