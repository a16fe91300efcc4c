"""One query, answered by each search side by side, and what the shortlist lost."""

import numpy as np
import pandas as pd
import streamlit as st

from core.code_distances.registry import distance_of, distance_title
from core.hashing.registry import get_hash
from core.query_analysis import score
from core.results import SearchResult
from core.retrieval import Retrieved, retrieve, to_table
from dashboard import grids, picture_choice, query_choice, state
from dashboard.cards import readable
from dashboard.charts.style import SEARCH_LOOKS
from dashboard.query_controls import choose_query, single
from dashboard.tiles import Tiles, lost_sentence, no_picture

MOST_SHOWN, FIRST_SHOWN = 100, 20


def draw_page() -> None:
    """The whole page; a fragment draws all that depends on the query, so that a step leaves the sidebar alone."""
    view = state.current()
    st.title("Retrieval")
    setting = view.setting
    shortlist = setting.shortlist(view.k, view.space.size)
    st.caption(
        f"Exact search ranks all {view.space.size:,} gallery images by {compared(view)}. Hashed search ranks only the "
        f"{shortlist:,} nearest by code ({get_hash(setting.hash).label}, {view.engine.codes(setting).bits} bits). "
        f"k = {view.k:,}, protocol {view.protocol}, hierarchy {setting.hierarchy}."
    )
    show_query()


@st.fragment
def show_query() -> None:
    """The choice of a query, its answers and what was lost."""
    view = state.current()
    with state.section():
        place = choose_query(view)
        searches, shown = choose_view(view)
        found = retrieve(view.engine, view.setting, place, view.k, searches)
        pictures = state.pictures(view)
        tiles = Tiles(found, view.bundle, view.space, pictures.uri if pictures else no_picture)
        with state.section():
            draw_query(view, found, tiles)
            if pictures is None:
                picture_choice.offer(view)
        draw_answers(view, found, tiles, shown)
        draw_lost(view, found, tiles, shown)
        draw_table(view, found)


def names_of(view: state.View) -> dict:
    """What the grids call a tile's two numbers."""
    return {"distance": distance_title(view.setting.hash), "similarity": compared(view)}


def compared(view: state.View) -> str:
    """The name of what exact search ranks by."""
    return "similarity" if view.bundle.similarity(view.setting.encoder) == "cosine" else "inner product"


def choose_view(view: state.View) -> tuple[list[str], int]:
    """Which searches stand side by side, and how many images of each."""
    most = min(view.k, MOST_SHOWN)
    searches = ["exact", "hashed"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        shown = most
        if most > 1:
            asked = st.session_state.get("shown", st.query_params.get("shown"))
            if (valid := query_choice.within(asked, 1, most, FIRST_SHOWN)) != st.session_state.get("shown"):
                st.session_state["shown"] = valid
            shown = st.slider("Images shown of each", 1, most, key="shown", bind="query-params", width=260)
        if st.toggle("Show Hamming", key="hamming", bind="query-params", help="Ranked by code distance alone."):
            searches.append("hamming")
        if view.engine.codes(view.setting).queries.projections is not None and st.toggle(
            "Show asymmetric", key="asymmetric", bind="query-params", help="A real-valued query against codes."
        ):
            searches.append("asymmetric")
    return searches, shown


def draw_query(view: state.View, found: Retrieved, tiles: Tiles) -> None:
    """The query, and how each search does on it."""
    bundle, split = view.bundle, view.space.protocol.query_split
    tile = tiles.query()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width=140):
            st.html(grids.grid_html([tile]))
        with st.container(width=560):
            st.subheader(readable(tile.class_name).capitalize(), anchor=False)
            parts = [f"query {tile.index} of '{split}'"]
            if tile.superclass_index is not None and bundle.superclass_names is not None:
                parts.insert(0, readable(bundle.superclass_names[tile.superclass_index]))
            rows = bundle.original_rows(split)
            if rows is not None:
                parts.append(f"row {rows[tile.index]} of the imported arrays")
            st.caption(" · ".join(parts))
            table = scores(score(view.engine, view.setting, found), view)
            numbers = [name for name, column in table.items() if column.dtype == np.float64]
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
                "same class": int(result.sums.hits[0, 0]),
                "of exact top k": int(result.sums.shared[0, 0]),
            }
        )
    return pd.DataFrame(rows)


def draw_answers(view: state.View, found: Retrieved, tiles: Tiles, shown: int) -> None:
    """The rankings side by side, two or three a row."""
    st.html(grids.legend_html(superclasses=view.bundle.superclass_of is not None, **names_of(view)))
    names = list(found.answers)
    width = 2 if len(names) in (2, 4) else 3
    for start in range(0, len(names), width):
        for column, name in zip(st.columns(width), names[start : start + width], strict=False):
            other = "hashed" if name == "exact" else "exact"
            title = f"{SEARCH_LOOKS[name].label.split(' (')[0]}: top {shown} of {view.k:,}"
            with column:
                st.html(grids.grid_html(tiles.answer(name, other, shown), title, **names_of(view)))
    most = min(view.k, MOST_SHOWN)
    if shown < most:
        st.button("Show more", key="retrieval_more", icon=":material/expand_more:", on_click=show_more, args=(most,))


def show_more(most: int) -> None:
    """Twice as many images."""
    st.session_state["shown"] = min(2 * int(st.session_state["shown"]), most)


def draw_lost(view: state.View, found: Retrieved, tiles: Tiles, shown: int) -> None:
    """The exact top k that the shortlist lacks, under their exact ranks."""
    st.subheader("What the shortlist lost", anchor=False)
    st.write(lost_sentence(found, view.space.gallery_labels))
    if len(found.lost):
        title = f"Lost, by exact rank: {min(shown, len(found.lost))} of {len(found.lost)}"
        st.html(grids.grid_html(tiles.lost(shown), title, compared=False, **names_of(view)))


def draw_table(view: state.View, found: Retrieved) -> None:
    """The answers as a table, and the command that prints them."""
    table = st.expander("As a table", icon=":material/table_rows:", on_change="rerun", key="retrieval_table")
    if not table.open:
        return
    with table:
        form = "%.4f" if compared(view) == "similarity" else "%.6g"  # an inner product may be of any size
        decimals = {"similarity": st.column_config.NumberColumn(compared(view), format=form)}
        if not distance_of(view.setting.hash).whole:
            decimals["distance"] = st.column_config.NumberColumn(format="%.6g")
        st.dataframe(to_table(found, view.engine, view.setting), hide_index=True, column_config=decimals)
        st.code(f"{view.command('retrieve')} --query {found.query} --k {view.k} --searches {','.join(found.answers)}")


draw_page()
