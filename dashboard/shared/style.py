"""One look for all figures: a search has the same colour, dash and sign everywhere, in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from core.runtime.shared_types import Json


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


def frame(height: int = 420) -> Json:
    """Of the layout, what all figures share."""
    return {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 40, "b": 10},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "x unified",
    }


def places(names: Sequence[str]) -> list[str]:
    """Where each of these names stands on a `name_axis`: the values that traces have there."""
    return [str(place) for place in range(len(names))]


def name_axis(names: Sequence[str]) -> Json:
    """Settings of an axis with one category per name, in this order; its traces hold `places`.

    If the names themselves were the values, plotly would read some as numbers or dates, and two equal ones would share
    a place. As an alias of its category, a name is shown on the axis and in hover text.
    """
    keys = places(names)
    alias = dict(zip(keys, names, strict=True))
    return {"type": "category", "categoryorder": "array", "categoryarray": keys, "labelalias": alias}
