"""Figures of confusion: which classes, or superclasses, are returned for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.reports.figures.palette import INK
from core.reports.figures.style import name_axis, places
from dashboard.shared.placeholder_cards import readable, readable_names


def superclass_confusion(share: np.ndarray, names: Sequence[str], dark: bool) -> go.Figure:
    """Shares (S, S): rows the query's superclass, columns the one returned; the diagonal is written, not coloured."""
    figure = _confusion(share, readable_names(names))
    figure.add_scatter(
        x=places(names),
        y=places(names),
        mode="text",
        text=[f"{value * 100:.0f}" for value in share.diagonal()],
        textfont={"size": 11, "color": INK.on(dark)},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(tickangle=-90)  # without a dtick, names thin out where a narrow window has no room for all
    figure.update_yaxes(dtick=1)
    return figure.update_layout(height=700)


def class_confusion(share: np.ndarray, names: Sequence[str], groups: Sequence[str] | None) -> go.Figure:
    """Shares (C, C) in the order given; `groups` names each class's superclass, whose runs the rows then show."""
    figure = _confusion(share, readable_names(names))
    figure.update_xaxes(showticklabels=False)
    if groups is None:
        figure.update_yaxes(dtick=1)
        return figure.update_layout(height=max(320, 14 * len(names)))
    starts = [i for i in range(len(groups)) if i == 0 or groups[i] != groups[i - 1]]
    ends = [*starts[1:], len(groups)]
    for start in starts[1:]:
        line = {"color": "#8a929c", "width": 0.5}
        figure.add_hline(y=start - 0.5, line=line)
        figure.add_vline(x=start - 0.5, line=line)
    centres = [(a + b - 1) / 2 for a, b in zip(starts, ends, strict=True)]
    figure.update_yaxes(tickvals=centres, ticktext=[readable(groups[a]) for a in starts])
    return figure.update_layout(height=820)


def _confusion(share: np.ndarray, words: Sequence[str]) -> go.Figure:
    apart = share.astype(np.float64)
    np.fill_diagonal(apart, 0.0)
    most = float(apart.max(initial=0.0)) or 1.0
    np.fill_diagonal(apart, np.nan)
    keys = places(words)
    hover = [
        [f"{row} → {column}<br>{share[a, b]:.2%}" for b, column in enumerate(words)] for a, row in enumerate(words)
    ]
    bar = {"orientation": "h", "y": 1.01, "yanchor": "bottom", "len": 0.6, "x": 0, "xanchor": "left"}
    bar |= {"tickformat": ".0%", "thickness": 10, "outlinewidth": 0}
    unseen = [[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]]
    # Two layers: colours for what was confused, and an unseen one that answers the pointer on the diagonal too.
    figure = go.Figure(
        [
            go.Heatmap(z=apart, x=keys, y=keys, hoverinfo="skip", zmin=0, zmax=most, colorbar=bar),
            go.Heatmap(
                z=np.zeros_like(apart),
                x=keys,
                y=keys,
                text=hover,
                hovertemplate="%{text}<extra></extra>",
                showscale=False,
                colorscale=unseen,
            ),
        ]
    )
    grid = {"showgrid": False, "zeroline": False, "automargin": True, "ticks": "", **name_axis(words)}
    figure.update_xaxes(**grid)
    figure.update_yaxes(autorange="reversed", **grid)
    return figure.update_layout(margin={"l": 10, "r": 10, "t": 50, "b": 10})
