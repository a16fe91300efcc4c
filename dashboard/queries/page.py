"""All queries at once: where hashing loses and gains, and what is returned instead."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import BadInput
from core.hashing.registry import get_hash
from core.metrics.intervals import Comparison, compare
from core.reports.query_analysis import CELLS, TopLabels, cell_counts, cells, query_table
from core.runtime.shared_types import Json
from core.settings import Setting
from dashboard.queries import charts
from dashboard.queries import pictures as queries_pictures
from dashboard.shared import state
from dashboard.shared.confusion import answered, draw_confusion
from dashboard.shared.placeholder_cards import readable
from dashboard.shared.query_controls import single
from dashboard.shared.style import dark_page

ANY = "Any"
RANK_1, MAJORITY = "Rank 1", "Majority of the top k"
ORDERS = {
    "Largest loss": ("loss", False),
    "Largest gain": ("loss", True),
    "Lowest hashed AP": ("ap_hashed", True),
    "Lowest exact AP": ("ap_exact", True),
    "Index": ("query", True),
}


@st.cache_data(max_entries=12, show_spinner=False)
def table_of(
    _view: state.View, path: str, version: str, setting: Setting, k: int, metrics: tuple[str, str]
) -> pd.DataFrame:
    """The table by query and the comparison it rests on."""
    return query_table(_view.bundle, _view.task, _view.results(("exact", "hashed")), k, metrics)


def draw_page() -> None:
    """Titles first, then the parts, each on its own."""
    view = state.current()
    st.caption(
        f"{len(view.task.query_index):,} queries, k = {view.k:,}, shortlist "
        f"{view.setting.shortlist(view.k, view.task.size):,}, {get_hash(view.setting.hash).label} "
        f"{view.engine.at(view.setting).codes.bits} bits, protocol {view.protocol}, hierarchy "
        f"{view.setting.hierarchy}. Lost and gained: hashed search against exact search on the same query."
    )
    with st.spinner("Judging every query …"):
        key = (*view.version, view.setting)
        table = table_of(view, *key, view.k, (view.map_metric, view.mahp_metric))
        found = {name: answered(view.engine, *key, name, view.k) for name in ("exact", "hashed")}
    with state.section():
        cell = draw_agreement(view, found, table)
    with state.section():
        draw_table(view, table.assign(cell=np.array(CELLS, dtype=object)[cell]))
    with state.section():
        draw_confusion(view, found, key)


def draw_agreement(view: state.View, found: dict[str, TopLabels], table: pd.DataFrame) -> np.ndarray:
    """The 2 x 2 and the differences side by side; returns the cell of each query."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Right or wrong", anchor=False)
        judge = st.segmented_control(
            "Judged by", [RANK_1, MAJORITY], key="judge", default=RANK_1, required=True, bind="query-params"
        )
        field = "majority" if judge == MAJORITY else "first"
        cell = cells(view.task.query_labels, *(getattr(found[name], field) for name in ("exact", "hashed")))
        figure = charts.two_by_two(cell_counts(cell), dark_page())
        words = "Queries right and wrong by exact and hashed search, two by two"
        st.plotly_chart(figure, key="queries_cells", width="stretch", config={"displayModeBar": False}, alt=words)
        st.caption(agreement_words(view, judge))
    with right:
        label = single(view.map_metric)
        st.subheader(f"{label}@{view.k}, query by query", anchor=False)
        logarithmic = st.toggle("Logarithmic counts", key="log_counts", bind="query-params")
        compared = compare(table["ap_exact"].to_numpy(), table["ap_hashed"].to_numpy())
        difference = (table["ap_hashed"] - table["ap_exact"]).to_numpy()
        figure = charts.differences(difference, compared, f"{label}@{view.k}", dark_page(), logarithmic)
        words = f"Histogram of {label}@{view.k} by query, hashed minus exact"
        st.plotly_chart(figure, key="queries_differences", width="stretch", config={"displayModeBar": False}, alt=words)
        st.caption(comparison_words(compared))
    return cell


def agreement_words(view: state.View, judge: str) -> str:
    """What right means here."""
    if judge == MAJORITY:
        return f"Right: the class most frequent in the top {view.k:,} is the query's (of several, the first returned)."
    text = "Right: the image at rank 1 has the query's class."
    if view.setting.protocol == "test-vs-test-with-self":
        text += " Under this protocol each query finds itself there; judge by the majority instead."
    return text


def comparison_words(compared: Comparison) -> str:
    """The paired comparison in a sentence."""
    p = "p < 0.0001" if compared.p_value < 0.0001 else f"p = {compared.p_value:.4f}"
    return (
        f"Hashed minus exact: mean {compared.difference:+.4f} (95 % interval {compared.low:+.4f} to "
        f"{compared.high:+.4f}, the band in the chart). Hashed is better on {compared.wins:,} queries, equal on "
        f"{compared.ties:,}, worse on {compared.losses:,}; effect size {compared.effect:+.2f} standard deviations, "
        f"paired t-test {p}."
    )


def draw_table(view: state.View, table: pd.DataFrame) -> None:
    """The table with its filters; a row that is ticked opens its query."""
    st.subheader("All queries", anchor=False)
    names = view.bundle.class_names
    if st.session_state.get("in_class") not in (None, ANY, *names):
        del st.session_state["in_class"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.selectbox("Order", list(ORDERS), key="order", bind="query-params", width=190)
        name = st.selectbox(
            "Class", [ANY, *names], key="in_class", bind="query-params", format_func=readable, width=190
        )
        cell = st.selectbox(
            "Right or wrong",
            [ANY, *(words.capitalize() for words in CELLS)],
            key="cell",
            bind="query-params",
            width=210,
        )
    column, ascending = ORDERS[order]
    kept = chosen(table, None if name == ANY else name, None if cell == ANY else cell.lower())
    kept = kept.sort_values(column, ascending=ascending, kind="stable")
    kept = queries_pictures.with_pictures(view, kept)
    st.caption(
        f"{len(kept):,} of {len(table):,} queries. Tick a row to open its query; click a heading to sort by it."
        + queries_pictures.note(kept)
    )
    # A new key a visit: coming back, no row is ticked, so none opens again.
    visit = st.session_state.setdefault("queries_visit", 0)
    words = {name: kept[name].map(readable) for name in ("class", "superclass") if name in kept}
    event = st.dataframe(
        kept.assign(**words),
        hide_index=True,
        height=420,
        row_height=56 if "picture" in kept else None,
        column_order=[name for name in kept.columns if name not in ("query", "ahp_loss")],
        column_config=column_config(view),
        key=f"queries_table_{visit}",
        on_select="rerun",
        selection_mode="single-row",
        alt="One row a query, with its scores by exact and hashed search",
    )
    if event.selection.rows:
        open_row(kept, event.selection.rows[0])


def chosen(table: pd.DataFrame, name: str | None, cell: str | None) -> pd.DataFrame:
    """The rows of a class and of a cell of the 2 x 2; None for any."""
    kept = np.ones(len(table), bool)
    if name is not None:
        kept &= (table["class"] == name).to_numpy()
    if cell is not None:
        kept &= (table["cell"] == cell).to_numpy()
    return table[kept]


def open_row(table: pd.DataFrame, row: int) -> None:
    """Open the query of a row of the table as it was handed to the browser."""
    if row >= len(table):
        raise BadInput(f"row {row} is outside the table's {len(table)}: tick a row again")
    st.session_state["queries_visit"] += 1
    state.open_query(int(table["query"].iloc[row]))


def column_config(view: state.View) -> Json:
    """Headings, decimals and bars of the table."""
    ap, ahp = single(view.map_metric), single(view.mahp_metric)
    number = st.column_config.NumberColumn

    def bar(label: str) -> Any:
        return st.column_config.ProgressColumn(label, format="%.4f", min_value=0.0, max_value=1.0, width="small")

    return {
        "picture": st.column_config.ImageColumn("picture", width="small"),
        "index": number("query", help="Index in its split", width="small"),
        "ap_exact": bar(f"{ap} exact"),
        "ap_hashed": bar(f"{ap} hashed"),
        "loss": number(f"{ap} loss", format="%.4f", help="Exact minus hashed"),
        "ahp_exact": number(f"{ahp} exact", format="%.4f"),
        "ahp_hashed": number(f"{ahp} hashed", format="%.4f"),
        "overlap": number("overlap", format="%.2f", help="Share of the exact top k that hashed search returns too"),
        "cell": st.column_config.TextColumn("right or wrong"),
    }


draw_page()
