from typing import Any

import pandas as pd
import streamlit as st

from core.errors import BadInput
from core.metrics.registry import get_metric
from core.reports.outcome import Memory, memory_of, outcome_of, quality
from core.reports.overview import Overview, Row, stored
from core.runtime.kernel_folder import OVERVIEW
from dashboard.shared import latency, preparing, state, warm_up
from dashboard.shared.comparison import (
    detail_table,
    milliseconds,
    overview_table,
    waiting_table,
)
from dashboard.shared.refusals import worded
from dashboard.shared.state import View
from dashboard.shared.verdict import percent, verdict

NOTES = {
    "test-vs-test-with-self": "Each query finds itself first, so at k = 1 exact search scores 1.0 by construction "
    "(but for images exactly equal to others), and every figure at a small k is raised; compare at a larger k.",
    "test-vs-train": "The gallery is what the encoder was trained on, and learned hashes were fitted on: figures are "
    "higher than on images it has not seen.",
}


def about(view: View) -> str:
    """What is searched, in a line."""
    info, task = view.bundle.encoder_info(view.setting.encoder), view.task
    accuracy = info.get("accuracy")
    accurate = "" if accuracy is None else f", {percent(accuracy)} accuracy"
    return (
        f"**{view.bundle.dataset}** · {len(task.queries):,} queries, each searching {task.size:,} images · encoder "
        f"{view.setting.encoder} ({info['dimensions']} dimensions{accurate}) · protocol {view.protocol}"
    )


def draw_cards(rows: list[Row], memory: Memory, times: dict[str, float] | None) -> None:
    """The figures of hashed search, each with its difference from exact search."""
    quick, precise, overlap = rows
    cards = st.container(horizontal=True)
    look: dict[str, Any] = {"border": True, "width": 168}
    for row in (quick, precise):
        found = row.hashed_difference
        cards.metric(
            row.label,
            f"{row.hashed:.4f}",
            f"{found.difference:+.4f}",
            "off" if quality(found) == "same" else "normal",
            delta_arrow="off" if quality(found) == "same" else "auto",
            help=f"Hashed search; below, its difference from exact search, which scores {row.exact:.4f}.",
            **look,
        )
    cards.metric(
        "Overlap",
        percent(overlap.hashed),
        "of the exact top k",
        "off",
        delta_arrow="off",
        help=get_metric("overlap").description,
        **look,
    )
    cards.metric(
        "One query",
        milliseconds(times["hashed"]) if times else "…",
        f"{times['hashed'] - times['exact']:+.3g} ms" if times else None,
        "inverse",
        help="Median time of hashed search for one query on one thread, from its embedding on; below, "
        "its difference from exact search.",
        **look,
    )
    cards.metric(
        "Code",
        f"{memory.code} {'byte' if memory.code == 1 else 'bytes'}",
        f"embedding {memory.embedding:,}",
        "off",
        delta_arrow="off",
        help="Bytes an image. Hashed search needs the code and, to rank the shortlist again, the embedding: it saves "
        "time, not memory. Hamming search alone needs only the code.",
        **look,
    )


def draw_waiting(view: View, memory: Memory) -> None:
    """What will be there, without its figures: the browser loads its parts for cards and tables meanwhile."""
    labels = [f"{get_metric(metric).label}@{view.k}" for metric in (view.map_metric, view.mahp_metric, "overlap")]
    st.markdown("#### …")
    cards = st.container(horizontal=True)
    for label in (*labels[:2], "Overlap", "One query", "Code"):
        cards.metric(label, "…", "…", "off", delta_arrow="off", border=True, width=168)
    st.table(waiting_table(labels, memory), border="horizontal", hide_index=True)


def draw_answer(view: View, rows: list[Row], memory: Memory, times: dict[str, float] | None) -> None:
    """Headline, cards and table; once without times, and again when they are there."""
    st.markdown(f"#### {verdict(outcome_of(view.setting, view.k, view.task.size, rows, times))}")
    draw_cards(rows, memory, times)
    st.table(overview_table(rows, memory, times), border="horizontal", hide_index=True)


def draw_notes(view: View, alone: int) -> None:
    """What the figures rest on."""
    setting, queries = view.setting, len(view.task.queries)
    st.caption(
        f"Means over {queries:,} queries; differences are paired by query, with a 95 % bootstrap interval. Protocol "
        f"{view.protocol}; mAP as `{view.map_metric}`, mAHP as `{view.mahp_metric}` over the {setting.hierarchy} "
        f"hierarchy. {latency.how_measured()}"
    )
    if setting.protocol in NOTES:
        st.info(NOTES[setting.protocol], icon=":material/info:")
    if alone:
        st.info(
            f"{alone:,} of {queries:,} queries have no relevant image in the gallery; they count 0.",
            icon=":material/info:",
        )


def draw_details(view: View, rows: list[Row], memory: Memory) -> None:
    """Paired comparisons and what is loaded, for those who ask."""
    effects = st.expander("Wins, losses and effect sizes", on_change="rerun", key="overview_effects")
    if effects.open:
        number = st.column_config.NumberColumn
        effects.dataframe(
            detail_table(rows),
            hide_index=True,
            key="overview_details",
            column_config={
                "difference": number(format="%+.4f", help="Mean over queries of this search less exact search."),
                "low": number("95 % low", format="%+.4f"),
                "high": number("95 % high", format="%+.4f"),
                "wins": number(help="Queries on which this search scores higher than exact search."),
                "effect": number("effect size", format="%+.3f", help="Mean difference over its deviation (d_z)."),
                "p": number("p, paired t-test", format="%.2g"),
            },
        )
    what = st.expander("What is loaded", on_change="rerun", key="overview_what")
    if what.open:
        what.dataframe(loaded(view, memory), hide_index=True, key="overview_loaded")


def loaded(view: View, memory: Memory) -> pd.DataFrame:
    """The bundle in a few lines."""
    bundle, encoder = view.bundle, view.setting.encoder
    info = bundle.encoder_info(encoder)
    stored = sorted({name for name, _ in bundle.stored_hashes(encoder)})
    lines = {
        "dataset": f"{bundle.dataset}, {len(bundle.class_names):,} classes",
        "bundle": f"{bundle.name}, version {bundle.version}",
        "images": ", ".join(f"{split} {bundle.count(split):,}" for split in bundle.splits),
        "encoder": f"{encoder}: {info['made']}",
        "accuracy": "not known" if info.get("accuracy") is None else percent(info["accuracy"]),
        "embedding": f"{info['dimensions']} dimensions; {memory.embedding} bytes searched as float32, "
        f"{memory.stored} bytes stored as {memory.stored_as}",
        "encoders": ", ".join(bundle.encoders),
        "stored hashes": ", ".join(stored) or "none: hashes are fitted when they are chosen",
        "hierarchies": ", ".join(bundle.hierarchies),
        "protocols": ", ".join(bundle.protocols),
    }
    return pd.DataFrame({"what": list(lines), "value": list(lines.values())})


def overview_of(view: View) -> Overview:
    """The rows that ship with the bundle if they are of this very view, else computed now."""
    metrics = (view.map_metric, view.mahp_metric, "overlap")
    found = stored(view.bundle, view.setting, view.k, metrics)
    if found is None:
        preparing.wait(OVERVIEW)
        with st.spinner(f"Searching with {len(view.task.queries):,} queries, three ways …"):
            found = Overview.of(view.results(), metrics, view.k)
    return found


view = state.current()
st.caption(about(view))
answer = st.container()
with state.section():
    memory = memory_of(view.bundle, view.setting, view.task)
    with answer:
        shown = st.empty()
        if "overview_seen" not in st.session_state:  # later moves leave the figures before them in place
            with shown.container():
                draw_waiting(view, memory)
        try:
            found = overview_of(view)
        except BadInput:
            shown.empty()  # dots would promise figures; the section says why there are none
            raise
    st.session_state["overview_seen"] = True
    with shown.container():
        draw_answer(view, found.rows, memory, None)
    warm_up.SHOWN.set()
    draw_notes(view, found.without_relevant)
    draw_details(view, found.rows, memory)
    try:
        with answer:
            preparing.wait()
        times = latency.query_times(view)
    except BadInput as error:
        st.error(worded(error), icon=":material/error:")
    else:
        with shown.container():
            draw_answer(view, found.rows, memory, times)
