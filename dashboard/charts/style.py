"""One look for all figures: a search has the same colour, dash and sign everywhere, in light and in dark."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st


@dataclass(frozen=True)
class Look:
    """How a search is drawn; the dash and the symbol tell it apart without colour."""

    label: str
    light: str
    dark: str
    dash: str
    symbol: str

    def colour(self, dark: bool) -> str:
        """The line's colour on a light or a dark page."""
        return self.dark if dark else self.light


SEARCH_LOOKS = {
    "exact": Look("Exact", "#0072b2", "#4fa3df", "solid", "circle"),
    "hashed": Look("Hashed (shortlist, exact re-rank)", "#d55e00", "#f07f35", "dash", "diamond"),
    "hamming": Look("Hamming only", "#008f68", "#2dbb90", "dot", "square"),
    "asymmetric": Look("Asymmetric", "#b85f93", "#dd93be", "dashdot", "triangle-up"),
}
CONTROL_LOOKS = {
    "random-codes": Look("Random codes (control)", "#6b7280", "#aab2bd", "longdash", "x"),
    "predicted-class": Look("Predicted class (control)", "#b07a00", "#eab92d", "longdashdot", "star"),
}


def dark_page() -> bool:
    """Whether the page is shown in a dark theme."""
    theme = st.context.theme
    return getattr(theme, "type", None) == "dark"


def faded(colour: str, alpha: float) -> str:
    """A hex colour as rgba, for bands."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def finish(figure: go.Figure, x: str, y: str, height: int = 420) -> go.Figure:
    """Axis titles, a legend above that never covers the curves, tight margins."""
    figure.update_layout(frame(height))
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y)
    return figure


def frame(height: int = 420) -> dict:
    """Of the layout, what all figures share."""
    return {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 40, "b": 10},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "x unified",
    }
