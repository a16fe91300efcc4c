"""The answers of each search side by side, what the shortlist lost, and all of it as a table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.codes.distances import distance_of, distance_title
from core.engine.retrieval import Retrieved, to_table
from core.reports.figures.style import SEARCH_LOOKS
from dashboard.retrieval.tiles import Tiles, lost_sentence
from dashboard.shared import image_grid, query_choice, state

MOST_SHOWN, FIRST_SHOWN = 100, 20


def names_of(view: state.View) -> dict[str, Any]:
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
        if view.engine.at(view.setting).codes.queries.project is not None and st.toggle(
            "Show asymmetric", key="asymmetric", bind="query-params", help="A real-valued query against codes."
        ):
            searches.append("asymmetric")
    return searches, shown


def draw_answers(view: state.View, found: Retrieved, tiles: Tiles, shown: int) -> None:
    """The rankings side by side, two or three a row; a query without a label has no hits to mark."""
    names = list(found.answers)
    st.html(
        image_grid.legend_html(
            superclasses=view.bundle.superclass_of is not None,
            labelled=found.label is not None,
            compared=len(names) > 1,
            coded=found.shortlist > 0,
            **names_of(view),
        )
    )
    width = {1: 1, 2: 2, 4: 2}.get(len(names), 3)
    for start in range(0, len(names), width):
        for column, name in zip(st.columns(width), names[start : start + width], strict=False):
            other = None if len(names) == 1 else "hashed" if name == "exact" else "exact"
            title = f"{SEARCH_LOOKS[name].label.split(' (')[0]}: top {shown} of {view.k:,}"
            with column:
                st.html(
                    image_grid.grid_html(
                        tiles.answer(name, other, shown), title, compared=other is not None, **names_of(view)
                    )
                )
    most = min(view.k, MOST_SHOWN)
    if shown < most:
        st.button("Show more", key="retrieval_more", icon=":material/expand_more:", on_click=show_more, args=(most,))


def show_more(most: int) -> None:
    """Twice as many images."""
    st.session_state["shown"] = min(2 * int(st.session_state["shown"]), most)


def draw_lost(view: state.View, found: Retrieved, tiles: Tiles, shown: int) -> None:
    """The exact top k that the shortlist lacks, under their exact ranks."""
    st.subheader("What the shortlist lost", anchor=False)
    st.write(lost_sentence(found, view.task.gallery_labels))
    if len(found.lost):
        title = f"Lost, by exact rank: {min(shown, len(found.lost))} of {len(found.lost)}"
        st.html(image_grid.grid_html(tiles.lost(shown), title, compared=False, **names_of(view)))


def draw_table(view: state.View, found: Retrieved, query: str) -> None:
    """The answers as a table, and the command that prints them; `query` is its option that names the query."""
    table = st.expander("As a table", icon=":material/table_rows:", on_change="rerun", key="retrieval_table")
    if not table.open:
        return
    with table:
        form = "%.4f" if compared(view) == "similarity" else "%.6g"  # an inner product may be of any size
        decimals = {"similarity": st.column_config.NumberColumn(compared(view), format=form)}
        if not distance_of(view.setting.hash).whole:
            decimals["distance"] = st.column_config.NumberColumn(format="%.6g")
        st.dataframe(to_table(found, view.engine.at(view.setting)), hide_index=True, column_config=decimals)
        st.code(f"{view.command('retrieve')} {query} --k {view.k} --searches {','.join(found.answers)}")
