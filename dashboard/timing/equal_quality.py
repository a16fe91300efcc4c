"""The Timing page's section on time at equal quality: measured when asked for, and kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from core.metrics.registry import get_metric
from core.runtime.pinning import alone, machine
from core.timing.equal_quality import GRID_QUERIES, METRICS, RUNS, SHARES, at_equal_quality
from core.timing.side_figures import speed_ratio
from core.tradeoff.grid import SAMPLE
from dashboard.shared import kept_timings, style
from dashboard.shared.downloads import download, request_of
from dashboard.shared.state import View
from dashboard.timing import charts

KEY = "timing_equal_quality"
SHOWN = ("median, µs", "p95, µs", "p99, µs", "quality", "share", "bits", "multiplier", "shortlist", "equal")


@dataclass(frozen=True)
class EqualQuality:
    """The table of `at_equal_quality` and what it belongs to: length and multiplier play no part."""

    depends_on: dict[str, str]
    metric: str
    table: pd.DataFrame
    machine: str
    when: str


def section(view: View, every: bool) -> None:
    """Draw the controls and, once measured, the times."""
    st.subheader("Time at equal quality")
    st.caption(
        "The cheapest setting of this hash, over all its lengths and multipliers, that reaches a share of exact "
        "search's quality, and the opponents at that same setting."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.segmented_control(
            "Quality", METRICS, default=METRICS[0], required=True, key="timing_quality_metric",
            format_func=lambda name: get_metric(name).label, persist_state="session",
        )  # fmt: skip
        pressed = st.button(
            "Measure at equal quality", icon=":material/balance:", key="timing_quality_measure",
            help="Judges and times the grid of the Trade-off page, then times the settings it chose. Some seconds.",
        )  # fmt: skip
    if pressed:
        bar = st.progress(0.0, "Judging and timing every length and multiplier …")
        with alone():
            time.sleep(0.3)  # the browser has drawn what it got
            st.session_state[KEY] = measure(view, metric, every, bar)
        bar.empty()
    if KEY in st.session_state:
        _show(view, st.session_state[KEY])


def measure(view: View, metric: str, every: bool, bar: st.delta_generator.DeltaGenerator) -> EqualQuality:
    """Measure at the current encoder, hash, protocol and k."""
    table = at_equal_quality(view.engine, view.setting, view.k, metric, SHARES, (), every, RUNS, bar.progress)
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    return EqualQuality(_belongs_to(view), metric, table, machine(), now)


def _belongs_to(view: View) -> dict[str, str]:
    known = kept_timings.depends_on(view)
    return {name: known[name] for name in known if name not in ("bits", "multiplier")}


def _show(view: View, found: EqualQuality) -> None:
    differs = kept_timings.changes(found.depends_on, _belongs_to(view))
    if differs:
        st.warning(f"These times belong to another setting ({'; '.join(differs)}).", icon=":material/history:")
    table, title = found.table, f"{get_metric(found.metric).label}@{found.depends_on['k']}"
    if not table["equal"].dropna().all():
        st.error("A side did not give the reference's result: its time says nothing.", icon=":material/error:")
    labels = {**kept_timings.SIDES, "hashed": "Hashed: own"}
    st.plotly_chart(
        charts.equal_quality_figure(table, labels, style.dark_page()), key="timing_quality_figure", width="stretch",
        alt="Time of one query by side at each share of exact search's quality; the table below has the numbers.",
    )  # fmt: skip
    st.markdown("  \n".join(sentences(table, title)))
    shown = table.assign(side=table["side"].map(labels))
    for name in ("median", "p95", "p99"):
        shown[f"{name}, µs"] = 1000 * shown[f"{name}_ms"]
    for name in ("bits", "shortlist"):
        shown[name] = ["" if pd.isna(value) else f"{value:,}" for value in shown[name]]
    shown = shown[["target", "side", *SHOWN]]
    config = {f"{name}, µs": st.column_config.NumberColumn(format="%.2f") for name in ("median", "p95", "p99")}
    config |= {"quality": st.column_config.NumberColumn(title, format="%.4f")}
    config |= {name: st.column_config.NumberColumn(f"{name}, %", format="%.1f") for name in ("target", "share")}
    st.dataframe(shown, hide_index=True, column_config=config, key="timing_quality_table", alt="The same as a table")
    st.caption(
        f"One query on one thread, median of up to {RUNS}. The setting is the one of least time in a grid timed over "
        f"{GRID_QUERIES} queries, and is read off the queries whose quality is shown (at most {SAMPLE:,}, seeded): a "
        f"point of their curve. {found.machine}. {found.when}."
    )
    request = request_of(view, metric=found.metric)
    download("equal-quality", request, table, "timing_quality_csv", of_another=bool(differs))


def sentences(table: pd.DataFrame, title: str) -> list[str]:
    """A sentence a share: which setting reaches it, and how much faster or slower than exact search it is."""
    lines = []
    for target, rows in table.groupby("target"):
        hashed = rows[rows["side"] == "hashed"].iloc[0]
        if pd.isna(hashed["median_ms"]):
            lines.append(f"No setting reaches **{target:g} %** of exact search's {title}.")
            continue
        speed = kept_timings.ratio_text(speed_ratio(rows))
        lines.append(
            f"**{target:g} %** of exact search's {title}: {hashed['bits']} bits × {hashed['multiplier']} reaches "
            f"{hashed['share']:.1f} %, {speed} as the fastest exact side."
        )
    return lines
