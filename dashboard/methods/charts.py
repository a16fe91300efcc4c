"""Figures of the Methods page: the leaderboard, method by length, curves over length, asymmetric beside symmetric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.reports.figures.palette import BLUE, NEUTRAL, VIOLET
from core.reports.figures.style import CONTROL_LOOKS, SEARCH_LOOKS, Look, faded, finish
from dashboard.shared.shades import add_cells

SUFFIX = " (control)"
YARDSTICK_LOOKS = {
    **CONTROL_LOOKS,
    "exact": Look("Raw similarity, exact", *BLUE, "dash", "circle-open"),
    "best-possible": Look("Best possible", *VIOLET, "dot", "diamond-open"),
}
DASHES, SYMBOLS = ("solid", "dash", "dot"), ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")


def board_figure(board: pd.DataFrame, reference: str, title: str, dark: bool) -> go.Figure:
    """Means with their 95 % intervals, the best above; yardsticks have signs and colours of their own, the reference a
    line through its mean. `board` is a `core.methods.leaderboard.leaderboard`."""
    figure = go.Figure()
    names = row_names(board)
    for control in (False, True):
        rows = board[board["control"] == control]
        look = SEARCH_LOOKS["hamming"]
        colours = [YARDSTICK_LOOKS[name].colour(dark) if control else look.colour(dark) for name in rows["method"]]
        signs = [YARDSTICK_LOOKS[name].symbol if control else "circle" for name in rows["method"]]
        figure.add_scatter(
            x=rows["value"],
            y=[names[place] for place in rows.index],
            error_x={
                "array": rows["high"] - rows["value"],
                "arrayminus": rows["value"] - rows["low"],
                "thickness": 1.5,
                "color": NEUTRAL,
            },
            customdata=np.column_stack([rows["low"], rows["high"]]),
            mode="markers",
            name="Controls" if control else "Methods",
            marker={"color": colours, "symbol": signs, "size": 11, "line": {"width": 2, "color": colours}},
            hovertemplate="%{y}: %{x:.4f} (%{customdata[0]:.4f} to %{customdata[1]:.4f})<extra></extra>",
        )
    at = board.loc[board["method"] == reference, "value"]
    if len(at):
        line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
        figure.add_shape(type="line", x0=at.iloc[0], x1=at.iloc[0], y0=0, y1=1, yref="paper", layer="below", line=line)
    finish(figure, title, "", height=110 + 24 * len(board))
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=names[::-1],
        automargin=True,
        title=None,
        ticks="",
        showgrid=True,
    )
    return figure.update_xaxes(rangemode="tozero")


def row_names(board: pd.DataFrame) -> list[str]:
    """The name of each row with its true length."""
    return [
        short(label) if pd.isna(bits) else f"{short(label)}, {bits}"
        for label, bits in zip(board["label"], board["bits"], strict=True)
    ]


def short(label: str) -> str:
    """A label without the note that it is a control, which figures show in another way."""
    return label.removesuffix(SUFFIX)


def heat_figure(means: pd.DataFrame, dark: bool) -> go.Figure:
    """Mean scores by method (rows) and length (columns) as colours with their numbers; what is not known is empty."""
    figure = go.Figure()
    add_cells(
        figure,
        means.to_numpy(float),
        ".3f",
        dark,
        x=[str(name) for name in means.columns],
        y=[short(name) for name in means.index],
        hovertemplate="%{y}, %{x} bits: %{z:.4f}<extra></extra>",
        xgap=2,
        ygap=2,
    )
    grid = {"showgrid": False, "zeroline": False, "ticks": "", "type": "category", "automargin": True}
    figure.update_xaxes(**grid, side="top", title="bits")
    figure.update_yaxes(**grid, autorange="reversed")
    return figure.update_layout(height=110 + 24 * len(means), margin={"l": 10, "r": 10, "t": 50, "b": 10})


def length_figure(
    lines: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    levels: Mapping[str, float],
    title: str,
    dark: bool,
    thick: Sequence[str] = (),
) -> go.Figure:
    """Means over the length with 95 % bands; `lines` has bits, mean, low and high by label, `levels` the value of each
    yardstick whose length is not the question, drawn across. Colours are the page's, in order; `thick` lines stand
    out."""
    figure = go.Figure()
    ends = [bits for line in lines.values() for bits in line[0]] or [8, 128]
    for place, (label, (bits, mean, low, high)) in enumerate(lines.items()):
        figure.add_scatter(
            x=bits,
            y=mean,
            customdata=np.column_stack([low, high]),
            error_y={"array": high - mean, "arrayminus": mean - low, "thickness": 1, "width": 2},
            name=label,
            mode="lines+markers",
            line={"dash": DASHES[place // 10 % len(DASHES)], "width": 3.5 if label in thick else 2},
            marker={"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 8},
            hovertemplate="%{y:.4f} (%{customdata[0]:.4f} to %{customdata[1]:.4f})",
        )
    for name, value in levels.items():
        look = YARDSTICK_LOOKS[name]
        figure.add_scatter(
            x=[min(ends), max(ends)],
            y=[value, value],
            name=f"{short(look.label)} (control)",
            mode="lines",
            line={"color": faded(look.colour(dark), 0.9), "dash": look.dash, "width": 1.5},
            hovertemplate="%{y:.4f}",
        )
    finish(figure, "Bits", title, height=420 + 12 * (len(lines) + len(levels)))
    return figure.update_xaxes(tickvals=sorted(set(ends)) if len(set(ends)) < 9 else [16, 32, 48, 64, 96, 128])


def asymmetric_figure(table: pd.DataFrame, title: str, dark: bool) -> go.Figure:
    """A line a method from its symmetric to its asymmetric value; `table` has label, bits, symmetric, asymmetric."""
    figure = go.Figure()
    names = row_names(table)
    for name, row in zip(names, table.itertuples(), strict=True):
        line = {"color": NEUTRAL, "width": 2}
        figure.add_scatter(
            x=[row.symmetric, row.asymmetric], y=[name, name], mode="lines", line=line, showlegend=False,
            hoverinfo="skip",
        )  # fmt: skip
    for column, look in (("symmetric", SEARCH_LOOKS["hamming"]), ("asymmetric", SEARCH_LOOKS["asymmetric"])):
        figure.add_scatter(
            x=table[column],
            y=names,
            mode="markers",
            name="Asymmetric" if column == "asymmetric" else "Symmetric (Hamming)",
            marker={"color": look.colour(dark), "symbol": look.symbol, "size": 10},
            hovertemplate="%{y}: %{x:.4f}<extra>" + column + "</extra>",
        )
    finish(figure, title, "", height=120 + 24 * len(table))
    figure.update_layout(hovermode="closest")
    return figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=names[::-1], automargin=True, title=None
    )


def describe_board(board: pd.DataFrame, title: str) -> str:
    """The leaderboard in words, for those who do not see it."""
    rows = zip(row_names(board), board["value"], board["control"], strict=True)
    return f"{title}. " + "; ".join(f"{name}{SUFFIX if control else ''} {mean:.4f}" for name, mean, control in rows)
