"""One query, or a picture of one's own, answered by each search side by side, and what the shortlist lost."""

import numpy as np
import pandas as pd
import streamlit as st

from core.engine.results import SearchResult
from core.engine.retrieval import Retrieved, retrieve
from core.hashing.registry import get_hash
from core.reports.figures.style import SEARCH_LOOKS
from core.reports.query_analysis import score
from dashboard.retrieval import picture_choice, picture_input, picture_query
from dashboard.retrieval.answers import choose_view, compared, draw_answers, draw_lost, draw_table
from dashboard.retrieval.tiles import Tiles, no_picture
from dashboard.shared import image_grid, state
from dashboard.shared.placeholder_cards import readable
from dashboard.shared.query_controls import choose_query, single


def draw_page() -> None:
    """The whole page; a fragment draws all that depends on the query, so that a step leaves the sidebar alone."""
    show_query()


def searched(view: state.View, size: int) -> str:
    """What is searched and how, where a query finds `size` images."""
    setting = view.setting
    return (
        f"Exact search ranks all {size:,} gallery images by {compared(view)}. Hashed search ranks only the "
        f"{setting.shortlist(view.k, size):,} nearest by code ({get_hash(setting.hash).label}, "
        f"{view.engine.at(setting).codes.bits} bits). k = {view.k:,}, protocol {view.protocol}, hierarchy "
        f"{setting.hierarchy}."
    )


@st.fragment
def show_query() -> None:
    """The choice of a query, its answers and what was lost."""
    view = state.current()
    heading = st.container()
    own = picture_input.wanted()
    # A query of the bundle does not find itself where it is left out; for a picture of one's own nothing is.
    heading.caption(searched(view, len(view.task.gallery) if own else view.task.size))
    if own:
        picture_query.draw(view)
        return
    with state.section():
        place = choose_query(view)
        searches, shown = choose_view(view)
        found = retrieve(view.engine.at(view.setting), place, view.k, searches)
        pictures = state.pictures(view)
        tiles = Tiles(found, view.bundle, view.task, pictures.uri if pictures else no_picture)
        with state.section():
            draw_query(view, found, tiles)
            if pictures is None:
                picture_choice.offer(view)
        draw_answers(view, found, tiles, shown)
        draw_lost(view, found, tiles, shown)
        draw_table(view, found, f"--query {found.query}")


def draw_query(view: state.View, found: Retrieved, tiles: Tiles) -> None:
    """The query, and how each search does on it."""
    bundle, split = view.bundle, view.task.protocol.query_split
    tile = tiles.query()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width=140):
            st.html(image_grid.grid_html([tile]))
        with st.container(width=560):
            st.subheader(readable(tile.class_name).capitalize(), anchor=False)
            parts = [f"query {tile.index} of '{split}'"]
            if tile.superclass_index is not None and bundle.superclass_names is not None:
                parts.insert(0, readable(bundle.superclass_names[tile.superclass_index]))
            rows, path = bundle.original_rows(split), state.folder_pictures(bundle).path(split, tile.index)
            if path is not None:
                parts.append(f"`{path.replace('`', ' ')}`")
            elif rows is not None:
                parts.append(f"row {rows[tile.index]} of the imported arrays")
            st.caption(" · ".join(parts))
            table = scores(score(view.engine, view.setting, found), view)
            numbers = [str(name) for name, column in table.items() if column.dtype == np.float64]
            config = {name: st.column_config.NumberColumn(format="%.4f") for name in numbers}
            st.dataframe(
                table, hide_index=True, column_config=config, key="retrieval_scores", alt="Scores of this query"
            )


def scores(scored: dict[str, SearchResult], view: state.View) -> pd.DataFrame:
    """One row a search: AP and AHP of this query in the chosen definitions, hits, and share of the exact top k."""
    k, rows = view.k, []
    for name, result in scored.items():
        rows.append(
            {
                "search": SEARCH_LOOKS[name].label.split(" (")[0],
                f"{single(view.map_metric)}@{k}": result.mean(view.map_metric, k),
                f"{single(view.mahp_metric)}@{k}": result.mean(view.mahp_metric, k),
                "same class": int(result.sums["hits"][0, 0]),
                "of exact top k": int(result.sums["shared"][0, 0]),
            }
        )
    return pd.DataFrame(rows)


draw_page()
