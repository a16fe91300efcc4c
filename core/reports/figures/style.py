"""One look for all figures: a search has the same colour, dash and sign everywhere, in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.hashing.registry import CONTROLS, get_hash
from core.reports.figures.palette import AMBER, BLUE, BROWN, GREEN, GREY, NAVY, PINK, SKY, VERMILION, VIOLET
from core.runtime.shared_types import Json

if TYPE_CHECKING:
    import plotly.graph_objects as go


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
    "exact": Look("Exact", *BLUE, "solid", "circle"),
    "hashed": Look("Hashed (shortlist, exact re-rank)", *VERMILION, "dash", "diamond"),
    "hamming": Look("Hamming only", *GREEN, "dot", "square"),
    "asymmetric": Look("Asymmetric", *PINK, "dashdot", "triangle-up"),
}
APPROXIMATE_LOOK = Look("Approximate index", *VIOLET, "dashdot", "cross")
CONTROL_LOOKS = {
    "random-codes": Look("Random codes (control)", *GREY, "longdash", "x"),
    "predicted-class": Look("Predicted class (control)", *AMBER, "longdashdot", "star"),
}
for _name in CONTROLS:  # those that have no look of their own share one
    CONTROL_LOOKS.setdefault(_name, Look(get_hash(_name).label, *GREY, "longdashdot", "hexagon"))
PIN_LOOKS = (
    Look("Pinned 1", *SKY, "solid", "triangle-down"),
    Look("Pinned 2", *NAVY, "dash", "pentagon"),
    Look("Pinned 3", *BROWN, "dashdot", "hexagon"),
    Look("Pinned 4", *VIOLET, "longdash", "star-triangle-up"),
)
BUNDLE_LOOKS = (  # exact search of another bundle is drawn solid, hashed dashed
    Look("Other bundle 1", "#a01c40", "#ff7c93", "solid", "bowtie"),
    Look("Other bundle 2", "#4d6b00", "#a8c957", "solid", "hourglass"),
    Look("Other bundle 3", "#00707a", "#56cfd8", "solid", "hexagram"),
)


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
