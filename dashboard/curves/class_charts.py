"""Bars by class or superclass: what hashed search loses against exact search, where it loses most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.reports import class_means
from core.reports.figures.style import SEARCH_LOOKS, finish, name_axis, places
from dashboard.shared.placeholder_cards import readable_names

ORDERS = ("Largest loss", "Smallest loss or gain")


def by_group(exact: np.ndarray, hashed: np.ndarray, groups: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """The table of `class_means.by_group` with the names that people read."""
    return class_means.by_group(exact, hashed, groups, readable_names(names))


def pick(frame: pd.DataFrame, order: str, count: int) -> pd.DataFrame:
    """The first `count` of a frame of `by_group` in the order asked for."""
    ordered = frame if order == ORDERS[0] else frame.iloc[::-1]
    return ordered.head(count).reset_index(drop=True)


def bars_figure(frame: pd.DataFrame, title: str, dark: bool = False) -> go.Figure:
    """Two bars a group, exact and hashed, with the difference written beside; the first group on top."""
    figure, names = go.Figure(), frame["group"].tolist()
    for search, pattern in (("exact", ""), ("hashed", "/")):
        look = SEARCH_LOOKS[search]
        change = [f"{value:+.4f}" for value in frame["difference"]]
        stripes = {"shape": pattern, "size": 6, "solidity": 0.3, "fillmode": "overlay"}
        figure.add_bar(
            y=places(names),
            x=frame[search],
            orientation="h",
            name=look.label,
            customdata=np.column_stack([frame["queries"], frame["difference"]]),
            marker={"color": look.colour(dark), "pattern": stripes},
            text=change if search == "hashed" else None,
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x:.4f} (%{customdata[0]:,} queries, difference %{customdata[1]:+.4f})",
        )
    finish(figure, title, "", height=110 + 38 * len(frame))
    figure.update_layout(barmode="group", bargap=0.25, hovermode="y unified")
    figure.update_yaxes(**name_axis(names), dtick=1, autorange="reversed", automargin=True, ticklabelstandoff=8)
    figure.update_xaxes(rangemode="tozero")
    return figure


def describe(frame: pd.DataFrame, title: str) -> str:
    """The figure in words: every group with both means."""
    rows = frame.itertuples(index=False)
    parts = (f"{row.group}: exact {row.exact:.4f}, hashed {row.hashed:.4f}" for row in rows)
    return f"{title} by group. " + "; ".join(parts) + "."
