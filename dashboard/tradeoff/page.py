import time
from datetime import datetime

import pandas as pd
import streamlit as st

from core.hashing.registry import get_hash
from core.metrics.registry import get_metric
from core.runtime.pinning import alone, machine
from core.timing.timed_grid import GridTimes, time_grid
from core.tradeoff.choice import choose, front_of, least_quality
from core.tradeoff.grid import SAMPLE, Grid, with_current
from core.tradeoff.table import grid_table, without_unknown_times
from dashboard.shared import kept_indexes, state, style
from dashboard.shared.downloads import download, request_of
from dashboard.tradeoff import data
from dashboard.tradeoff import grid_charts as charts
from dashboard.tradeoff.cost_charts import cost_figure

SAMPLED, EVERY = f"Sample of {SAMPLE:,}", "All"
view = state.current()
bundle, setting, k, task = view.bundle, view.setting, view.k, view.task
dark = style.dark_page()
metrics = {"mAP": view.map_metric, "mAHP": view.mahp_metric, "overlap": "overlap"}


def measure() -> None:
    """Time the grid, before anything else of this run is computed or drawn."""
    with st.spinner("Timing every setting, one query on one thread …"), alone():
        time.sleep(0.3)  # the browser has drawn what it got
        times = time_grid(view.engine, setting, k, data.offered(view), with_current(setting.multiplier))
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    st.session_state[data.TIMES] = data.TimedGrid(data.times_depend_on(view), times, machine(), now)
    st.session_state["tradeoff_cost"] = data.MEASURED


def controls() -> tuple[str, bool, float, bool]:
    """Draw the controls: the metric, whether all queries are used, the loss in %, whether controls are drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.segmented_control(
            "Quality", list(metrics), default="mAP", required=True, key="tradeoff_quality", bind="query-params",
            help="mAP and mAHP by the sidebar's definitions. Overlap: share of the exact top k that is found.",
        )  # fmt: skip
        every = True
        if bundle.count(task.protocol.query_split) > SAMPLE:
            chosen = st.segmented_control(
                "Queries", [SAMPLED, EVERY], default=SAMPLED, required=True, key="tradeoff_queries",
                persist_state="session", help="The sample is seeded and appears at once; all take some seconds.",
            )  # fmt: skip
            every = chosen == EVERY
        percent = st.number_input(
            "Loss allowed, % of exact", 0.0, 100.0, 1.0, 0.5, format="%.1f", key="tradeoff_loss",
            bind="query-params", width=190,
            help="The cheapest setting whose quality is at least (1 − x / 100) of exact search's is looked for.",
        )  # fmt: skip
        yardsticks = st.toggle(
            "Show controls", key="tradeoff_controls", bind="query-params",
            help="Random codes of the current length and the predicted class, as yardsticks in the cost figure.",
        )  # fmt: skip
    return metrics[shown], every, percent, yardsticks


def choose_cost(times: data.TimedGrid | None) -> str:
    """Draw the choice of the cost axis and the button that measures times; the column of the cost."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axis = data.BYTES
        if times:
            axis = st.segmented_control(
                "Cost", [data.BYTES, data.MEASURED], default=data.BYTES, required=True, key="tradeoff_cost",
                persist_state="session",
            )  # fmt: skip
        st.button(
            "Measure again" if times else "Measure times",
            icon=":material/timer:",
            key="tradeoff_measure",
            help="Times 50 queries at every setting of the grid, one at a time on one thread, in turn. Seconds.",
        )
    return "ms" if axis == data.MEASURED else "bytes"


def apply(bits: int, multiplier: str) -> None:
    """Make a setting of the grid the sidebar's."""
    if len(data.offered(view)) > 1:
        st.session_state["bits"] = bits
    st.session_state["multiplier"] = multiplier


def choice(
    slot: st.delta_generator.DeltaGenerator,
    points: pd.DataFrame,
    title: str,
    percent: float,
    cost: str,
    exact: tuple[float, float],
) -> charts.Mark:
    """Say which setting is the cheapest that is good enough, with a button that applies it."""
    found = choose(points, exact, percent, cost)
    picked, text = found.row, data.choice_text(found, exact[1], title, percent, cost)
    here = (picked["bits"], picked["multiplier"]) == (setting.bits, setting.multiplier)
    with slot.container(border=True):
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.markdown(text + (" You are here." if here else ""))
        button.button(
            "Apply", icon=":material/tune:", key="tradeoff_apply", disabled=here, on_click=apply, width="stretch",
            args=(int(picked["bits"]), str(picked["multiplier"])), help="Set length and multiplier in the sidebar.",
        )  # fmt: skip
    label = f"Cheapest within {percent:g} %" if found.good_enough else "Nearest"
    return charts.Mark(label, int(picked["bits"]), str(picked["multiplier"]))


def show_table(grid: Grid, points: pd.DataFrame, title: str, times: GridTimes | None) -> None:
    """The grid's numbers, and their file."""
    with st.expander("The numbers"):
        table = without_unknown_times(points.drop(columns=["hover", "control"]))
        formats = {"quality": "%.4f", "difference": "%+.4f", "margin": "%.4f", "ms": "%.4f"}
        config = {name: st.column_config.NumberColumn(format=text) for name, text in formats.items() if name in table}
        config["quality"] = st.column_config.NumberColumn(title, format="%.4f")
        st.dataframe(table, hide_index=True, column_config=config, key="tradeoff_table", alt="The grid as a table")
        whole = grid_table(grid, metric, bundle.version, times.by_setting if times else None)
        request = request_of(view, setting=sample, metric=metric, times=times is not None)
        download("trade-off", request, whole, "tradeoff_csv")


if st.session_state.get("tradeoff_measure"):  # pressed: measured before this run computes anything else
    with state.section():
        measure()
metric, every, percent, yardsticks = controls()
title = f"{get_metric(metric).label}@{k}"
sample = data.sampled(view, every)
count = sample.queries or bundle.count(task.protocol.query_split)
used = f"a seeded sample of {count:,} queries" if sample.queries else f"all {count:,} queries"
st.caption(
    f"{get_hash(setting.hash).label} · {used} on {task.size:,} images · protocol {view.protocol}"
    + (f" · hierarchy {setting.hierarchy}" if get_metric(metric).hierarchical else "")
    + f" · {title}: {get_metric(metric).description}"
)
with state.section():
    bar = st.progress(0.0, f"Judging {used} at every length and multiplier …")
    grid = data.grids_of(view, [(sample, data.offered(view))], bar.progress)[0]
    others = data.grids_of(view, data.controls_of(view, sample), bar.progress) if yardsticks else []
    bar.empty()
    times = st.session_state.get(data.TIMES)
    times = times if times and times.depends_on == data.times_depend_on(view) else None
    points = data.points_of(grid, metric, times.times if times else None)
    slot = st.container()

    st.subheader("Quality by length and multiplier")
    map_slot = st.container()

    st.subheader("Quality against cost")
    cost = choose_cost(times)
    spent = times.times.exact[times.times.fastest_exact] if times and cost == "ms" else float(grid.exact_bytes)
    exact = (spent, grid.exact[metric])
    here = charts.Mark("You are here", setting.bits, setting.multiplier)
    cheapest = choice(slot, points, title, percent, cost, exact)
    with map_slot:
        st.plotly_chart(
            charts.heat_map(grid, metric, title, here, cheapest, dark), key="tradeoff_map", width="stretch",
            alt=charts.describe(points, exact[1], title),
        )  # fmt: skip
        st.caption(
            f"{title} of hashed search; exact search reaches **{exact[1]:.4f}**. Each value is the mean over {used}. A "
            f"multiplier m re-ranks the ⌈m × {k}⌉ images of nearest code by exact similarity."
        )
    drawn = pd.concat([points, *(data.points_of(other, metric, control=True) for other in others)], ignore_index=True)
    axes = ("Median time of one query (ms)" if cost == "ms" else "Bytes read per query", title)
    floor = (least_quality(exact[1], percent), f"{percent:g} % below exact search")
    indexes = kept_indexes.points(view, metric, sample) if cost == "ms" else None
    st.plotly_chart(
        cost_figure(drawn, front_of(points, cost, exact), exact, cost, axes, floor, [here, cheapest], dark, indexes),
        key="tradeoff_cost_figure",
        width="stretch",
        alt=f"{title} against {axes[0].lower()}. Exact search: {exact[1]:.4f} at {exact[0]:,.4g}.",
    )
    st.caption(
        f"**Bytes read per query**: N × ⌈bits / 8⌉ for the codes of all N = {grid.gallery:,} images, and M × "
        f"{grid.dimensions} × 4 for the embeddings (float32) of the **M re-ranked images**, the shortlist; exact "
        f"search reads N × {grid.dimensions} × 4 = {grid.exact_bytes:,}. The scan here keeps codes in words of 64 "
        "bits, so its times step there. Pareto front: no other point, exact search's included, is as cheap and as good."
    )
    if times:
        exact_sides = ", ".join(f"{name} {1000 * ms:.0f} µs" for name, ms in times.times.exact.items())
        st.caption(
            f"**Measured time**: median of {times.times.queries} queries, one at a time on one thread, from "
            f"{'the embedding' if times.times.with_hash else 'the stored code'} to the ids; all settings in turn, "
            f"each warm in the caches. Exact search is the fastest of its sides: {exact_sides}. {times.machine}; "
            f"{times.when}. Controls are not timed."
        )
        if points["ms"].isna().any():
            st.info("Some settings were not in the grid when it was timed: measure again to see them on the time axis.")
    if indexes is not None and len(indexes):
        st.caption(
            "**Approximate index**: measured on the Timing page with one client, through the search engine and the "
            "network, judged on the same queries as the grid. It is not part of the Pareto front."
        )
    show_table(grid, points, title, times.times if times else None)
