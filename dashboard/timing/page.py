import time

import streamlit as st

from core.hashing.registry import get_hash
from core.runtime.pinning import alone
from core.runtime.shared_types import named_rows
from core.timing.side_figures import fastest_exact, per_second, speed_ratio
from core.timing.timing import WARM_UP
from dashboard.shared import engines, kept_timings, state, style
from dashboard.shared.downloads import download, request_of
from dashboard.shared.kept_timings import Measured
from dashboard.timing import approximate, charts
from dashboard.timing import equal_quality as timing_quality

RUNS = (100, 300, 1000)
view = state.current()
setting, task = view.setting, view.task


def measure_now(runs: int, every: bool) -> None:
    """Time, before anything else of this run is drawn."""
    with state.section(), st.spinner("Timing: nothing else should run on this machine now …", show_time=True), alone():
        time.sleep(0.3)  # the browser has drawn what it got
        st.session_state[kept_timings.KEY] = kept_timings.measure(view, runs, every)


def headline(found: Measured) -> None:
    """The four numbers that matter."""
    one, many = found.latency, found.throughput
    labels = found.labels()
    hashed = {name: rows[rows["side"] == "hashed"].iloc[0] for name, rows in (("one", one), ("many", many))}
    rivals = {"one": fastest_exact(one), "many": fastest_exact(many)}
    cells = st.columns(4)
    cells[0].metric("Hashed, one query", f"{1000 * hashed['one']['median_ms']:.1f} µs", border=True, height="stretch",
                    delta=kept_timings.ratio_text(speed_ratio(one)), delta_color="off",
                    delta_arrow="off")  # fmt: skip
    cells[1].metric("Fastest exact, one query", f"{1000 * rivals['one']['median_ms']:.1f} µs", border=True,
                    delta=labels[rivals["one"]["side"]].removeprefix("Exact: "), delta_color="off", delta_arrow="off",
                    height="stretch")  # fmt: skip
    speed = {name: per_second(row["many"]) for name, row in (("h", hashed), ("e", rivals))}
    cells[2].metric("Hashed, in batches", f"{speed['h']:,.0f} /s", border=True, height="stretch",
                    delta=kept_timings.ratio_text(speed_ratio(many)), delta_color="off",
                    delta_arrow="off")  # fmt: skip
    cells[3].metric("Fastest exact, in batches", f"{speed['e']:,.0f} /s", border=True, height="stretch",
                    delta=labels[rivals["many"]["side"]].removeprefix("Exact: "), delta_color="off",
                    delta_arrow="off")  # fmt: skip


def facts(found: Measured) -> str:
    """What the times cover and where they were taken."""
    whole, batch, was = found.latency.iloc[0], found.throughput.iloc[0], found.depends_on
    return (
        f"{get_hash(was['hash']).label}, {was['bits']} bits, multiplier {was['multiplier']}, k = {was['k']}, shortlist "
        f"{found.shortlist:,}; N = {whole['n']:,} images of {whole['dimensions']} dimensions, {was['protocol']}. "
        f"Latency: {whole['runs']} queries in random order, one at a time on 1 thread, after {WARM_UP} to warm up. "
        f"Throughput above: batches of {batch['batch']:,} on {batch['threads']} threads. "
        f"{found.machine}. {found.when}."
    )


def latency(found: Measured, dark: bool) -> None:
    """One query by its stages."""
    labels = found.labels()
    star = {**labels, found.opponent: f"{labels[found.opponent]} ★"}
    st.subheader("Latency of one query by stage")
    st.plotly_chart(
        charts.latency_figure(found.table, star, dark),
        key="timing_latency",
        width="stretch",
        alt="; ".join(f"{labels[row.side]} {1000 * row.median_ms:.1f} µs" for row in named_rows(found.latency)),
    )
    st.caption(
        "★ The fastest exact side: the one that hashed search is compared with. Medians of stages need not add up to "
        "the median of the whole. Linear hashes are searched in one compiled call: its first and last stage hold the "
        f"way in and out. faiss does not tell its stages apart. {kept_timings.code_note(found)} **Machine's "
        "limit**: reading the vectors or codes and comparing every word at the rates below, and nothing else."
    )
    st.caption(" · ".join(found.limits))


def batches(found: Measured, dark: bool) -> None:
    """Every condition that was timed, one at a time: they are not compared with each other."""
    st.subheader("Every side under the same condition")
    names = {
        f"{'one query' if batch == 1 else f'{batch:,} queries'}, {threads} thread{'s' * (threads > 1)}": (
            batch,
            threads,
        )
        for batch, threads in found.conditions
    }
    chosen = st.segmented_control(
        "At a time", list(names), default=list(names)[-1], required=True, key="timing_condition",
        help="Times of different batches or threads are never compared with each other.",
    )  # fmt: skip
    at = names.get(chosen, found.conditions[-1])
    st.plotly_chart(charts.throughput_figure(found.whole(*at), found.labels(), dark), key="timing_throughput",
                    width="stretch", alt="Queries a second by side; the table below has the numbers.")  # fmt: skip
    table = kept_timings.overview(found, *at)
    formats = dict.fromkeys(("Median, µs a query", "p95", "p99"), "%.2f")
    formats |= {"Speed against the fastest exact": "%.2f×", "Times the machine's limit": "%.1f×"}
    formats |= {"Queries a second": "%,.0f", found.metric: "%.4f", "Overlap with exact": "%.4f"}
    config = {name: st.column_config.NumberColumn(format=text) for name, text in formats.items()}
    st.dataframe(table, hide_index=True, column_config=config, key="timing_table", alt="Times of every side")
    st.caption(
        "**Checked**: equal ids, or, where an engine breaks ties in another order or rounds otherwise, equal "
        "similarities, distances, or a re-ranked shortlist of the right distances. One query uses one thread of this "
        "project's own sides whatever the threads. The source system's path and the full argsort know no batches: "
        "theirs are loops."
    )
    download(
        "timing", request_of(view), found.table, "timing_csv",
        note="Every stage and batch, with the columns of `python -m core benchmark --out`.",
        of_another=bool(kept_timings.changes(found.depends_on, kept_timings.depends_on(view))),
    )  # fmt: skip


def show(found: Measured) -> None:
    """The measured times."""
    differs = kept_timings.changes(found.depends_on, kept_timings.depends_on(view))
    if differs:
        st.warning(
            f"These times belong to another setting ({'; '.join(differs)}). Measure again for the current one.",
            icon=":material/history:",
        )
    if not found.table["equal"].all():
        st.error("A side did not give the reference's result: its time says nothing.", icon=":material/error:")
    headline(found)
    st.caption(facts(found))
    dark = style.dark_page()
    latency(found, dark)
    batches(found, dark)


st.caption(
    f"{get_hash(setting.hash).label}, {setting.bits} bits × {setting.multiplier}, k = {view.k} · {task.size:,} images "
    f"to find · {view.protocol}. From the query's embedding to the ids of its top k; the network is not part of it."
)
if view.engine_name != engines.LOCAL:
    st.caption(
        f"These are times of this project's own search in this process; the engine chosen in the sidebar, "
        f"{view.engine_name}, is not timed here."
    )
with st.container(horizontal=True, vertical_alignment="bottom"):
    runs = st.segmented_control(
        "Queries timed", RUNS, default=RUNS[1], required=True, key="timing_runs", persist_state="session",
        help="Queries of the latency. More of them steady the median and, above all, the p95.",
    )  # fmt: skip
    every = st.toggle(
        "All opponents", True, key="timing_every", persist_state="session",
        help="PyTorch, faiss's binary index, the source system's path and a full argsort too. They take longer, and "
        "PyTorch's first use loads some hundred MB.",
    )  # fmt: skip
    pressed = st.button(
        "Measure", type="primary", icon=":material/timer:", key="timing_measure",
        help="Takes seconds, with all opponents up to a minute. Nothing is timed before you ask for it.",
    )  # fmt: skip
if pressed:
    measure_now(runs, every)
with state.section():
    if kept_timings.KEY in st.session_state:
        show(st.session_state[kept_timings.KEY])
    else:
        st.info("Nothing has been timed yet in this session.", icon=":material/timer:")
with state.section():
    timing_quality.section(view, every)
with state.section():
    approximate.section(view)
st.caption(
    "**How to read times.** One query on one thread is latency, a batch on all threads is throughput: compared across "
    "the two, either side would look many times faster, and threads that wait for each other on a busy machine can "
    "cost more than the search itself. Every side answers the same queries in turn, warm, and its results are checked; "
    "while embeddings and codes fit into the processor's caches they are read faster than from memory. A speed only "
    "counts at equal quality: the Trade-off page shows both for every setting."
)
