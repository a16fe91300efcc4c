"""The trade-off grid as a heat map: quality over multiplier and code length."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from core.reports.figures.style import SEARCH_LOOKS, finish
from core.tradeoff.grid import Grid
from dashboard.shared.shades import add_cells


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
    add_cells(
        figure,
        values,
        ".4f",
        dark,
        hovertext=hover,
        hoverinfo="text",
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
        edge = {"color": "#000000" if dark else "#ffffff", "width": line_width + 3}  # so that it shows on any shade
        for drawn in (edge, line):
            figure.add_shape(type="rect", x0=x - inset, x1=x + inset, y0=y - inset, y1=y + inset, line=drawn)
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
    quality = points["quality"]
    best, worst = points.iloc[int(quality.argmax())], points.iloc[int(quality.argmin())]
    low, high = (f"{each['quality']:.4f} ({each['bits']} bits × {each['multiplier']})" for each in (worst, best))
    return f"{title} of {len(points)} settings: from {low} to {high}; exact search {exact:.4f}."


def _bold(text: str, really: bool) -> str:
    return f"<b>{text}</b>" if really else text
