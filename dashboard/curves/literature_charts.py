"""Figures of the hashing literature: precision against recall, and precision over the number returned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from core.reports.figures.style import SEARCH_LOOKS, finish
from core.reports.literature import PrecisionRecall


def precision_recall_figure(curves: Mapping[str, PrecisionRecall], dark: bool = False, radii: bool = True) -> go.Figure:
    """Precision against recall by search; Hamming's points are `radii`, the others' numbers returned."""
    figure = go.Figure()
    for search, curve in curves.items():
        unit = "radius %{customdata}" if search == "hamming" and radii else "first %{customdata:,}"
        _add(
            figure,
            search,
            curve.recall,
            curve.precision,
            curve.at,
            dark,
            f"recall %{{x:.4f}}, precision %{{y:.4f}}, {unit}",
        )
    finish(figure, "Recall", "Precision", height=400)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(range=[-0.01, 1.01])
    figure.update_yaxes(rangemode="tozero")
    return figure


def returned_figure(curves: Mapping[str, PrecisionRecall], dark: bool = False) -> go.Figure:
    """Precision over the number of images returned, by search."""
    figure = go.Figure()
    for search, curve in curves.items():
        _add(figure, search, curve.at, curve.precision, curve.recall, dark, "%{y:.4f} (recall %{customdata:.4f})")
    finish(figure, "Images returned", "Precision", height=400)
    figure.update_xaxes(type="log", dtick=1, tickformat=",d", hoverformat=",d")
    figure.update_yaxes(rangemode="tozero")
    return figure


def describe(curves: Mapping[str, PrecisionRecall], title: str) -> str:
    """The figure in words: where each line begins and ends."""
    parts = [
        f"{SEARCH_LOOKS[search].label} from precision {curve.precision[0]:.4f} at recall {curve.recall[0]:.4f} "
        f"to {curve.precision[-1]:.4f} at {curve.recall[-1]:.4f}"
        for search, curve in curves.items()
    ]
    return f"{title}. " + "; ".join(parts) + "."


def _add(
    figure: go.Figure, search: str, x: np.ndarray, y: np.ndarray, more: np.ndarray, dark: bool, template: str
) -> None:
    look = SEARCH_LOOKS[search]
    figure.add_scatter(
        x=x,
        y=y,
        customdata=more,
        name=look.label,
        mode="lines+markers",
        line={"color": look.colour(dark), "dash": look.dash, "width": 2},
        marker={"symbol": look.symbol, "size": 6},
        hovertemplate=template,
    )
