"""The trade-off grid as a heat map: quality over multiplier and code length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.tradeoff import Grid
from dashboard.charts.style import SEARCH_LOOKS, finish

SCALES = {  # pale to deep on a light page, dim to bright on a dark one: more is always further from the page
    False: ["#eaf2f9", "#d3e4f3", "#b3d3e9", "#8abfdd", "#60a6d1", "#3f8cc4", "#2572b2", "#125a9c"],
    True: ["#14263a", "#173350", "#1a4268", "#1d5383", "#24669f", "#347cb9", "#5095cd", "#76afdd"],
}


@dataclass(frozen=True)
class Mark:
    """A setting of the grid that a figure points at."""

    label: str
    bits: int
    multiplier: str

    @property
    def name(self) -> str:
        """Its line of the legend."""
        return f"{self.label}: {self.bits} bits × {self.multiplier}"


def heat_map(grid: Grid, metric: str, title: str, here: Mark, cheapest: Mark | None, dark: bool) -> go.Figure:
    """Quality over multiplier (x) and length (y), its value in each cell; the marked settings are outlined."""
    values = grid.means[metric]
    hover = [
        [
            f"{bits} bits × {multiplier}: {values[row, column]:.4f}<br>{values[row, column] - grid.exact[metric]:+.4f} "
            f"± {grid.margins[metric][row, column]:.4f} to exact search<br>shortlist {shortlist:,} images"
            for column, (multiplier, shortlist) in enumerate(zip(grid.multipliers, grid.shortlists, strict=True))
        ]
        for row, bits in enumerate(grid.lengths)
    ]
    figure = go.Figure()
    low, high = float(values.min()), float(values.max())
    on_dark = np.vectorize(lambda value: _reads_white(value, low, high, SCALES[dark]))(values)
    for colour, cells in (("#ffffff", on_dark), ("#0e1620", ~on_dark)):  # one trace for each colour of the text
        figure.add_heatmap(
            z=np.where(cells, values, np.nan),
            texttemplate="%{z:.4f}",
            textfont={"color": colour},
            hovertext=hover,
            hoverinfo="text",
            hoverongaps=False,
            colorscale=SCALES[dark],
            zmin=low,
            zmax=high,
            showscale=False,  # every cell says its value
            xgap=1,
            ygap=1,
        )
    _outline(figure, grid, here, cheapest, dark)
    finish(figure, "Shortlist multiplier", "Hash length (bits)", height=150 + 30 * len(grid.lengths))
    figure.update_layout(hovermode="closest", legend_traceorder="normal", showlegend=True)
    columns = [_bold(text, text == here.multiplier) for text in grid.multipliers]
    rows = [_bold(str(bits), bits == here.bits) for bits in grid.lengths]
    for update, ticks in ((figure.update_xaxes, columns), (figure.update_yaxes, rows)):
        update(
            tickvals=list(range(len(ticks))),
            ticktext=ticks,
            showgrid=False,
            zeroline=False,
            range=[-0.55, len(ticks) - 0.45],
        )
    return figure


def _outline(figure: go.Figure, grid: Grid, here: Mark, cheapest: Mark | None, dark: bool) -> None:
    """A frame around each marked setting, named in the legend."""
    ink, ring = "#ffffff" if dark else "#000000", SEARCH_LOOKS["hashed"].colour(dark)
    marks = [(here, ink, "solid", 3), *([(cheapest, ring, "dot", 3)] if cheapest else [])]
    for mark, colour, dash, line_width in marks:
        if mark.bits not in grid.lengths or mark.multiplier not in grid.multipliers:
            continue
        x, y = grid.multipliers.index(mark.multiplier), grid.lengths.index(mark.bits)
        inset = 0.44 if mark is cheapest else 0.5  # both show where they meet
        line = {"color": colour, "dash": dash, "width": line_width}
        figure.add_shape(type="rect", x0=x - inset, x1=x + inset, y0=y - inset, y1=y + inset, line=line)
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="lines",
            line=line,
            name=mark.name,
            hoverinfo="skip",
        )


def describe(points: pd.DataFrame, exact: float, title: str) -> str:
    """The grid in words, for those who do not see it."""
    best, worst = points.loc[points["quality"].idxmax()], points.loc[points["quality"].idxmin()]
    low, high = (f"{each['quality']:.4f} ({each['bits']} bits × {each['multiplier']})" for each in (worst, best))
    return f"{title} of {len(points)} settings: from {low} to {high}; exact search {exact:.4f}."


def _bold(text: str, really: bool) -> str:
    return f"<b>{text}</b>" if really else text


def _reads_white(value: float, low: float, high: float, scale: list[str]) -> bool:
    """Whether white text reads better than black on the colour that a value has in a scale (WCAG contrast)."""
    place = (value - low) / (high - low) * (len(scale) - 1) if high > low else 0.0
    before = min(int(place), len(scale) - 2)
    luminance = 0.0
    for start, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722)):
        first, second = (int(scale[before + i][start : start + 2], 16) / 255 for i in (0, 1))
        channel = first + (second - first) * (place - before)
        luminance += weight * (channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
    return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05
