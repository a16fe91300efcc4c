"""Figures of embeddings on a plane: a point an image, by superclass or by the classes of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from core.reports.figures.palette import CATEGORICAL, GREY
from dashboard.shared.placeholder_cards import readable

# Twenty colours a theme: those of the charts' lines, then ten more, all at 3:1 against the page. The second ten are
# drawn with another sign, so that none is told by its colour alone.
COLOURS = {
    False: (
        *(colour.light for colour in CATEGORICAL),
        "#2f48c0", "#5a2400", "#2f6b00", "#7d2260", "#8f8300", "#00868f", "#8a919d", "#8f1d1d", "#9a7b5f", "#8d78cf",
    ),
    True: (
        *(colour.dark for colour in CATEGORICAL),
        "#1e6ca4", "#ab4b0d", "#218868", "#c4458f", "#a27c10", "#1287ce", "#7b8798", "#2e4fff", "#e4ccb4", "#825ce0",
    ),
}  # fmt: skip
SYMBOLS = ("circle", "x", "diamond", "triangle-up")
MOST_GROUPS = 40  # a legend of more says nothing


@dataclass(frozen=True)
class Points:
    """What is drawn: places (N, 2), the query behind each point and its class and group, int (N,) each."""

    places: np.ndarray
    queries: np.ndarray
    classes: np.ndarray
    groups: np.ndarray
    class_names: Sequence[str]
    group_names: Sequence[str]

    def pick(self, rows: np.ndarray) -> Points:
        """Some of the points."""
        return replace(
            self,
            places=self.places[rows],
            queries=self.queries[rows],
            classes=self.classes[rows],
            groups=self.groups[rows],
        )


def group_look(number: int, dark: bool) -> tuple[str, str]:
    """Colour and sign of a group: ten colours as circles, ten others as crosses; the next twenty with other signs."""
    return COLOURS[dark][number % 20], SYMBOLS[number // 10 % len(SYMBOLS)]


def map_figure(points: Points, highlight: int | None, dark: bool) -> go.Figure:
    """A point an image. Each group, up to `MOST_GROUPS`, is an entry of the legend, where a click shows it alone.

    With a group to highlight, its classes take the colours and all other points step back. A point's custom data is
    its query.
    """
    figure = go.Figure()
    if highlight is None and len(points.group_names) > MOST_GROUPS:
        _add(figure, points, "all images", group_look(0, dark), 0.5, 4)
    elif highlight is None:
        for group in np.unique(points.groups):
            look = group_look(int(group), dark)
            _add(figure, points.pick(points.groups == group), points.group_names[group], look, 0.8, 5)
    else:
        _add(figure, points.pick(points.groups != highlight), "all others", (GREY.on(dark), "circle"), 0.15, 4)
        inside = points.pick(points.groups == highlight)
        for number, label in enumerate(np.unique(inside.classes)):
            look = (COLOURS[dark][number % 10], SYMBOLS[number % len(SYMBOLS)])
            _add(figure, inside.pick(inside.classes == label), points.class_names[label], look, 0.8, 6)
    plain = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(**plain)
    figure.update_yaxes(**plain, scaleanchor="x")  # distances mean the same both ways
    return figure.update_layout(
        height=720,
        margin={"l": 0, "r": 0, "t": 10, "b": 10},
        hovermode="closest",
        legend={
            "orientation": "h",
            "y": -0.02,
            "yanchor": "top",
            "x": 0,
            "itemclick": "toggleothers",
            "itemdoubleclick": "toggle",
            "itemsizing": "constant",
        },
    )


def describe(points: Points, what: str) -> str:
    """The figure in words: what it shows, and each group with the middle of its points."""
    parts = []
    for group in np.unique(points.groups)[:MOST_GROUPS]:
        x, y = np.median(points.places[points.groups == group], axis=0)
        parts.append(f"{readable(points.group_names[group])} around {x:.2f}, {y:.2f}")
    return f"{what}: {len(points.queries):,} images. " + "; ".join(parts) + "."


def _add(figure: go.Figure, points: Points, name: str, look: tuple[str, str], opacity: float, size: int) -> None:
    colour, symbol = look
    classes = [readable(points.class_names[label]) for label in points.classes]
    same = list(points.class_names) == list(points.group_names)
    groups = ["" if same else f"<br>{readable(points.group_names[group])}" for group in points.groups]
    figure.add_scattergl(
        x=points.places[:, 0],
        y=points.places[:, 1],
        mode="markers",
        name=readable(name),
        text=[f"<b>{label}</b>{group}" for label, group in zip(classes, groups, strict=True)],
        customdata=points.queries,
        hovertemplate="%{text}<br>image %{customdata}<extra></extra>",
        marker={"color": colour, "symbol": symbol, "size": size, "opacity": opacity, "line": {"width": 0}},
    )
