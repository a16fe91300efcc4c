"""The part of the Queries page on confusion: which classes come back instead of the query's."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.engine.engine import Engine
from core.reports.query_analysis import TopLabels, by_superclass, shares, top_labels, top_pairs
from core.settings import Setting
from dashboard.shared import confusion_charts as charts
from dashboard.shared import state
from dashboard.shared.placeholder_cards import readable
from dashboard.shared.style import dark_page

SEARCHES = {"Exact": "exact", "Hashed": "hashed", "Hamming": "hamming"}
MOST_CLASSES = 300  # a heat map of more classes shows nothing


@st.cache_data(max_entries=12, show_spinner=False)
def answered(_engine: Engine, path: str, version: str, setting: Setting, search: str, k: int) -> TopLabels:
    """What a search answers, by class; `path` and `version` stand for the engine's bundle."""
    return top_labels(_engine, setting, search, k)


def draw_confusion(view: state.View, found: dict[str, TopLabels], key: tuple[str, str, Setting]) -> None:
    """Which classes come back instead of the query's."""
    st.subheader(f"Returned in the top {view.k:,} instead", anchor=False)
    bundle = view.bundle
    groups = bundle.superclass_of if bundle.superclass_names is not None else None
    levels = [*(["Superclasses"] if groups is not None else []), "Classes"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        shown = st.segmented_control(
            "Search", list(SEARCHES), key="confusion", default="Hashed", required=True, bind="query-params"
        )
        if len(levels) > 1:
            level = st.segmented_control(
                "Level", levels, key="level", default=levels[0], required=True, bind="query-params"
            )
        else:
            level = levels[0]
    search = SEARCHES[shown]
    if search not in found:
        with st.spinner("Counting the classes that Hamming search returns …"):
            found[search] = answered(view.engine, key[0], key[1], key[2], search, view.k)
    confusion = found[search].confusion
    diagonal = "is written out, in per cent" if level == "Superclasses" else "is left blank"
    st.caption(
        f"Row: the query. Column, in the same order: what came back, as a share of the {view.k:,} images returned, so "
        f"that a row sums to 100 %. The diagonal, what was right, {diagonal}; colour shows the rest."
    )
    draw_map(view, confusion, level)
    draw_pairs(view, found, search, groups)


def draw_map(view: state.View, confusion: np.ndarray, level: str) -> None:
    """The heat map of a level."""
    bundle = view.bundle
    names, groups, titles = bundle.class_names, bundle.superclass_of, bundle.superclass_names
    if level == "Superclasses":
        assert groups is not None and titles is not None  # else the level is not offered
        share = shares(by_superclass(confusion, groups, len(titles)))
        figure = charts.superclass_confusion(share, titles, dark_page())
    elif len(names) > MOST_CLASSES:
        st.info(f"{len(names):,} classes are too many for a heat map: the table below names the pairs.")
        return
    else:
        order = np.arange(len(names)) if groups is None else np.argsort(groups, kind="stable")
        share = shares(confusion)[np.ix_(order, order)]
        runs = None if groups is None or titles is None else [titles[groups[i]] for i in order]
        figure = charts.class_confusion(share, [names[i] for i in order], runs)
    st.plotly_chart(figure, key=f"queries_confusion_{level}", width="stretch", alt=f"{level}: returned by queried")


def draw_pairs(view: state.View, found: dict[str, TopLabels], search: str, groups: np.ndarray | None) -> None:
    """The pairs of classes most confused, beside the other search's share."""
    other = "hashed" if search == "exact" else "exact"
    names = [readable(name) for name in view.bundle.class_names]
    pairs = top_pairs(found[search].confusion, found[other].confusion, names, groups)
    st.markdown("**Most confused classes**")
    percent = {
        name: st.column_config.NumberColumn(label, format="%.2f %%")
        for name, label in (("share", f"share, {search}"), ("other", f"share, {other}"), ("change", "difference"))
    }
    st.dataframe(
        pairs.assign(**{name: 100 * pairs[name] for name in ("share", "other", "change")}),
        hide_index=True,
        column_order=[name for name in pairs.columns if name != "related" or groups is not None],
        column_config={
            "class": "query",
            "returned": "returned instead",
            "related": st.column_config.CheckboxColumn("same superclass"),
            **percent,
        },
        key="queries_pairs",
        alt="The pairs of classes most confused",
    )
