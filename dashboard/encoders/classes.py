"""The part of the Encoders page on classes: which ones the embedding holds alike, and which ones the tree does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.bundle.bundle import Bundle
from core.reports.class_similarity import (
    between_classes,
    by_level,
    class_order,
    embedding_similarity,
    image_split,
    rank_correlation,
    rank_shares,
)
from dashboard.encoders.charts import level_figure, similarity_map
from dashboard.shared.confusion import MOST_CLASSES
from dashboard.shared.state import View
from dashboard.shared.style import dark_page

VALUES, RANKS = "Similarity", "Rank"


@st.cache_data(max_entries=16, show_spinner=False)
def similarity_of(_bundle: Bundle, path: str, version: str, encoder: str) -> np.ndarray:
    """Mean similarity between classes of an encoder's images; `path` and `version` stand for the bundle."""
    split = image_split(_bundle)
    return embedding_similarity(_bundle.embeddings(encoder, split), _bundle.labels(split), len(_bundle.class_names))


def draw(view: View, encoder: str) -> None:
    """Two heat maps side by side, the correlation in a sentence, similarity by level of the tree."""
    bundle, hierarchy = view.bundle, view.setting.hierarchy
    found = similarity_of(bundle, str(bundle.path), bundle.version, encoder)
    tree = bundle.hierarchy(hierarchy).similarity()
    cosine = bundle.similarity(encoder) == "cosine"
    name = "Mean cosine" if cosine else "Mean inner product"
    levels = by_level(found, tree)
    st.markdown(sentence(found, tree, levels, hierarchy, name))
    if len(tree) > MOST_CLASSES:
        st.info(f"{len(tree):,} classes are too many for a heat map.", icon=":material/grid_off:")
    else:
        _draw_maps(bundle, found, tree, (name, hierarchy), cosine)
    st.markdown(f"**{name} by level of the {hierarchy} tree**")
    figure = level_figure(levels, (f"class similarity in the {hierarchy} tree", name.lower()), dark_page())
    words = "; ".join(f"{row.level:g}: {row.mean:.3f} over {row.pairs:,} pairs" for row in levels.itertuples())
    st.plotly_chart(figure, key="encoders_levels", width="stretch", alt=f"{name} by class similarity. {words}")
    st.caption(
        "A box holds half of the pairs of classes at a level, its whiskers nine in ten; the dotted line joins the "
        "means. At 1 a class is compared with itself, no image with itself."
    )


def _draw_maps(bundle: Bundle, found: np.ndarray, tree: np.ndarray, names: tuple[str, str], cosine: bool) -> None:
    shown = st.segmented_control(
        "Colour",
        [VALUES, RANKS],
        default=VALUES,
        required=True,
        key="encoders_colour",
        help="Rank: the share of pairs of classes that are less alike, which is what a rank correlation compares.",
    )
    order = class_order(bundle)
    labels = [bundle.class_names[c] for c in order]
    groups, group_names = bundle.superclass_of, bundle.superclass_names
    named = None if groups is None or group_names is None else [group_names[groups[c]] for c in order]
    pair = (found, tree) if shown == VALUES else (rank_shares(found), rank_shares(tree))
    least = min(0.0, float(np.nanmin(found, initial=0.0)))
    spans = [(least, 1.0), (least, 1.0)] if cosine else [(least, float(np.nanmax(found, initial=least))), (0.0, 1.0)]
    titles = (f"{names[0]} of the embeddings", f"The {names[1]} tree")
    for place, values, span, title in zip(st.columns(2), pair, spans, titles, strict=True):
        with place:
            st.markdown(f"**{title}**")
            figure = similarity_map(
                values[np.ix_(order, order)], labels, named, span if shown == VALUES else (0.0, 1.0)
            )
            key = "encoders_tree" if values is pair[1] else "encoders_similarity"
            st.plotly_chart(figure, key=key, width="stretch", alt=f"{title}, class by class: {shown.lower()}")
    same = "the same scale in both" if cosine or shown == RANKS else "each on its own scale"
    st.caption(f"Classes in the order of their superclasses, {same}." if named else f"Classes in order, {same}.")


def sentence(found: np.ndarray, tree: np.ndarray, levels: pd.DataFrame, hierarchy: str, name: str) -> str:
    """What the correlation is and says."""
    correlation = rank_correlation(found, tree)
    pairs = int(np.isfinite(between_classes(found)).sum())
    if correlation is None:
        return (
            f"The {hierarchy} tree holds all pairs of different classes equally alike, or there are too few: no rank "
            "correlation is defined."
        )
    first, last = levels.iloc[0], levels.iloc[-1]
    return (
        f"Over {pairs:,} pairs of different classes, the rank correlation (Spearman) between the embedding's "
        f"similarity and the {hierarchy} tree's is **{correlation:.3f}**. At 1 the encoder would put pairs of classes "
        "in the tree's order, at 0 its order has nothing to do with the tree. "
        f"{name} goes from {first['mean']:.3f} where the tree says {first['level']:g} to {last['mean']:.3f} "
        + ("within a class." if last["level"] == 1 else f"where it says {last['level']:g}.")
    )
