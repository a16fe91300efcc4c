"""Figures of the trade-off: the grid as a heat map, and quality against cost with its Pareto front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.tradeoff import Grid
from dashboard.charts.style import CONTROL_LOOKS, SEARCH_LOOKS, finish

NEUTRAL = "#858f9a"  # holds 3:1 against either page
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
    ink = "#ffffff" if dark else "#000000"
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
    ring = SEARCH_LOOKS["hashed"].colour(dark)
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
    finish(figure, "Shortlist multiplier", "Hash length (bits)", height=150 + 30 * len(grid.lengths))
    figure.update_layout(hovermode="closest", legend_traceorder="normal", showlegend=True)
    figure.update_xaxes(
        tickvals=list(range(len(grid.multipliers))),
        ticktext=[_bold(text, text == here.multiplier) for text in grid.multipliers],
        showgrid=False,
        zeroline=False,
        range=[-0.55, len(grid.multipliers) - 0.45],
    )
    figure.update_yaxes(
        tickvals=list(range(len(grid.lengths))),
        ticktext=[_bold(str(bits), bits == here.bits) for bits in grid.lengths],
        showgrid=False,
        zeroline=False,
        range=[-0.55, len(grid.lengths) - 0.45],
    )
    return figure


def cost_figure(
    points: pd.DataFrame,
    front: np.ndarray,
    exact: tuple[float, float],
    cost: str,
    titles: tuple[str, str],
    floor: tuple[float, str],
    marks: list[Mark],
    dark: bool,
) -> go.Figure:
    """Quality against cost, one point a setting. `points` has bits, multiplier, quality, `cost`, hover and control.

    `front` are cost and quality (n, 2) of the Pareto front, `exact` those of exact search, `titles` of the axes;
    `floor` is the quality that is asked for, with its label.
    """
    hashed = SEARCH_LOOKS["hashed"]
    own = points[~points["control"] & points[cost].notna()]
    bar = {"title": {"text": "bits"}, "orientation": "h", "y": -0.2, "yanchor": "top", "thickness": 10}
    figure = go.Figure()
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
    for name, look in CONTROL_LOOKS.items():
        rows = points[points["control"] & (points["hash"] == name) & points[cost].notna()]
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
                "color": ("#ffffff" if dark else "#000000", hashed.colour(dark))[place],
                "line": {"width": 2.5},
            },
        )
    figure.add_hline(y=floor[0], line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=floor[0], yanchor="bottom", text=floor[1], showarrow=False,
        font={"color": NEUTRAL, "size": 12},
    )  # fmt: skip
    finish(figure, *titles, height=470)
    figure.update_layout(hovermode="closest")
    ticks = [mantissa * 10.0**power for power in range(-5, 12) for mantissa in (1, 2, 5)]
    text = [_time(tick) if cost == "ms" else _size(tick) for tick in ticks]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=text)
    return figure


def describe(points: pd.DataFrame, exact: float, title: str) -> str:
    """The grid in words, for those who do not see it."""
    best, worst = points.loc[points["quality"].idxmax()], points.loc[points["quality"].idxmin()]
    low, high = (f"{each['quality']:.4f} ({each['bits']} bits × {each['multiplier']})" for each in (worst, best))
    return f"{title} of {len(points)} settings: from {low} to {high}; exact search {exact:.4f}."


def _bold(text: str, really: bool) -> str:
    return f"<b>{text}</b>" if really else text


def _size(count: float) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:g} {name}"
    return f"{count:g} B"


def _time(milliseconds: float) -> str:
    return f"{milliseconds:g} ms" if milliseconds >= 1 else f"{1000 * milliseconds:g} µs"


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
