"""The Curves page's bars: where among classes or superclasses the hash loses."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.metrics.registry import get_metric
from core.reports.curve_lines import MORE_METRICS
from dashboard.curves import class_charts as classes
from dashboard.curves import series
from dashboard.shared.state import View
from dashboard.shared.style import dark_page


def draw(view: View) -> None:
    """Means by class or superclass for exact and hashed search at the current k."""
    st.subheader("By class")
    metrics = list(dict.fromkeys([view.map_metric, view.mahp_metric, *MORE_METRICS]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.selectbox(
            "Metric of the bars", metrics, format_func=lambda name: get_metric(name).label, key="curves_bars", width=240
        )
        levels = ["class", "superclass"] if view.bundle.superclass_of is not None else ["class"]
        level = st.segmented_control("Group by", levels, default="class", required=True, key="curves_level")
        order = st.segmented_control(
            "Order", classes.ORDERS, default=classes.ORDERS[0], required=True, key="curves_order"
        )
        groups, names = _groups(view, level)
        most = len(np.unique(groups))
        count = most
        if most > 1:
            count = st.slider("How many", 1, most, min(15, most), key=f"curves_count_{level}", width=240)
    exact, hashed = series.of_setting(view, asymmetric=False, expected=False)[:2]
    frame = classes.by_group(series.values(view, exact, metric), series.values(view, hashed, metric), groups, names)
    shown = classes.pick(frame, order, count)
    title = f"{get_metric(metric).label}@{view.k}"
    chart = classes.bars_figure(shown, title, dark_page())
    st.plotly_chart(chart, key="curves_bars_chart", width="stretch", alt=classes.describe(shown, title))
    below = int((frame["difference"] < 0).sum())
    st.caption(
        f"Mean over the queries of each {level}; beside the bars hashed less exact. Hashed search is below exact "
        f"search in {below} of {len(frame)}, of which {len(shown)} are shown. {view.judged_by(metric)}"
    )


def _groups(view: View, level: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The group of each query, and the names of all groups."""
    labels = view.task.query_labels
    if level == "class":
        return labels, view.bundle.class_names
    groups, names = view.bundle.superclass_of, view.bundle.superclass_names
    assert groups is not None and names is not None  # the level is offered where there are some
    return groups[labels], names
