"""Numbers in coloured cells: a scale of shades for each page, and text that reads on all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.reports.figures.palette import SEQUENTIAL

# Without the two ends that differ least from their neighbours: text must read on every shade.
SCALES = {dark: list(shades[:8]) for dark, shades in SEQUENTIAL.items()}


def add_cells(figure: go.Figure, values: np.ndarray, text: str, dark: bool, **heat_map: Any) -> None:
    """Add values (R, C) as a heat map, NaN empty; `text` formats them. What else a heat map takes is passed on.

    There is a trace for each colour of the text, and the upper one has no colours of its own. Both have all cells:
    Plotly fits the size of a trace's text to the distance of its cells, and to nothing where they are in one row.
    """
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    on_dark = np.vectorize(lambda value: reads_white(value, low, high, SCALES[dark]))(np.nan_to_num(values, nan=low))
    clear = ["rgba(0, 0, 0, 0)"] * 2
    unseen = {"colorscale": clear, "hoverinfo": "skip", "hovertemplate": None, "hovertext": None}
    for colour, cells, own in (("#ffffff", on_dark, {"colorscale": SCALES[dark]}), ("#0e1620", ~on_dark, unseen)):
        figure.add_heatmap(
            z=values,
            text=[
                [
                    format(value, text) if mine and not np.isnan(value) else " "
                    for value, mine in zip(*rows, strict=True)
                ]
                for rows in zip(values, cells, strict=True)
            ],
            texttemplate="%{text}",
            textfont={"color": colour},
            hoverongaps=False,
            zmin=low,
            zmax=high,
            showscale=False,  # every cell says its value
            **(heat_map | own),
        )


def reads_white(value: float, low: float, high: float, scale: list[str]) -> bool:
    """Whether white text reads better than black on the colour that a value has in a scale (WCAG contrast)."""
    place = (value - low) / (high - low) * (len(scale) - 1) if high > low else 0.0
    before = min(int(place), len(scale) - 2)
    luminance = 0.0
    for start, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722)):
        first, second = (int(scale[before + i][start : start + 2], 16) / 255 for i in (0, 1))
        channel = first + (second - first) * (place - before)
        luminance += weight * (channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)
    return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05
