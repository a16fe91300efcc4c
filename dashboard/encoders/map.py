"""The part of the Encoders page that lays the test images out on a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.building.add_embedding_map import pca_map, stored_map, variance_shares
from core.bundle.bundle import Bundle
from core.errors import BadInput
from dashboard.encoders.map_charts import MOST_GROUPS, Points, describe, map_figure
from dashboard.shared import state
from dashboard.shared.placeholder_cards import readable
from dashboard.shared.style import dark_page
from dashboard.shared.verdict import percent

PCA, TSNE = "PCA", "t-SNE"
EVERY = "None"
MOST_POINTS = 20_000  # more than a browser moves smoothly


@st.cache_data(max_entries=16, show_spinner="Finding the principal components …")
def _components(_bundle: Bundle, path: str, version: str, encoder: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    embeddings = _bundle.embeddings(encoder, split)
    places = pca_map(embeddings)
    return places, variance_shares(embeddings, places)


def draw(view: state.View, encoder: str) -> None:
    """The map of an encoder's test images, with its controls; a point that is clicked opens its image as query."""
    kept = stored_map(view.bundle, encoder)
    names = view.bundle.superclass_names or view.bundle.class_names
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = PCA
        if kept is not None:
            # A key an encoder: where this one has no map, the choice for another one stays.
            method = st.segmented_control(
                "Map", [TSNE, PCA], default=TSNE, required=True, key="encoders_map", persist_state="session"
            )
        options = [EVERY, *names]
        if st.session_state.get("encoders_highlight") not in (None, *options):
            del st.session_state["encoders_highlight"]
        chosen = st.selectbox(
            "Highlight", options, key="encoders_highlight", format_func=readable, persist_state="session", width=260,
            help="Its classes take the colours, all else steps back.",
        )  # fmt: skip
    places, made = _places(view, encoder, None if method == PCA else kept)
    points = _points(view, places)
    highlight = None if chosen == EVERY else names.index(chosen)
    figure = map_figure(points, highlight, dark_page())
    # A new key a visit: coming back, no point is selected, so none opens again.
    visit = st.session_state.setdefault("encoders_visit", 0)
    event = st.plotly_chart(
        figure,
        key=f"encoders_map_{encoder}_{visit}",
        width="stretch",
        on_select="rerun",
        selection_mode="points",
        alt=describe(points, f"{method} of the embeddings by {encoder}"),
    )
    st.caption(_words(view, points, made))
    query = clicked(event)
    if query is not None:
        open_point(query, len(view.task.query_index))


def clicked(event: Any) -> int | None:
    """The query of the point that was clicked, from the chart's event; None for no click."""
    points = event["selection"]["points"] if event else []
    data = points[0].get("customdata") if points else None
    if isinstance(data, list | tuple):
        data = data[0] if data else None
    return None if data is None else int(data)


def open_point(query: int, count: int) -> None:
    """Go to the Retrieval page with the image of a point."""
    if not 0 <= query < count:
        raise BadInput(f"image {query} is outside 0 to {count - 1}: click a point again")
    st.session_state["encoders_visit"] += 1
    state.open_query(query)


def _places(view: state.View, encoder: str, kept: Any) -> tuple[np.ndarray, str]:
    """Where each image stands, and how that was made."""
    if kept is not None:
        return kept.places, f"{kept.made}. Near neighbours are kept; distances between groups mean little."
    bundle, split = view.bundle, view.task.protocol.query_split
    places, shares = _components(bundle, str(bundle.path), bundle.version, encoder, split)
    return places, (
        f"The first two principal components, which hold {percent(float(shares.sum()))} of the variance: what looks "
        "close here may be far apart in the other dimensions."
    )


def _points(view: state.View, places: np.ndarray) -> Points:
    bundle = view.bundle
    labels = bundle.labels(view.task.protocol.query_split)
    if len(labels) != len(places):
        raise BadInput(f"the map has {len(places):,} images, the queries are {len(labels):,}: make the map again")
    groups = labels if bundle.superclass_of is None else bundle.superclass_of[labels]
    names = bundle.superclass_names or bundle.class_names
    points = Points(places, np.arange(len(labels)), labels, groups, bundle.class_names, names)
    if len(labels) > MOST_POINTS:
        points = points.pick(np.sort(np.random.default_rng(0).choice(len(labels), MOST_POINTS, replace=False)))
    return points


def _words(view: state.View, points: Points, made: str) -> str:
    whole = view.bundle.count(view.task.protocol.query_split)
    drawn = f"{len(points.queries):,} images"
    drawn += f" of {whole:,}, a seeded sample" if len(points.queries) < whole else ""
    level = "superclass" if view.bundle.superclass_names else "class"
    legend = "a click in the legend shows one alone, another brings the rest back; "
    few = len(points.group_names) <= MOST_GROUPS
    return (
        f"{drawn}, colour and sign by {level}: {legend}" if few else f"{drawn}: "
    ) + f"a click on a point opens that image on the Retrieval page. {made}"
