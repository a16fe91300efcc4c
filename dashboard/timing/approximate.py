"""The Timing page's section on approximate indexes of the search engine: built and measured when asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.metrics.registry import get_metric
from core.reports.tables import to_csv
from core.runtime.pinning import alone
from core.search.engines.engine import ApproximateIndex, Kind, SearchEngine
from core.studies.approximate.clients import CLIENTS, QUERIES
from core.studies.approximate.index_text import KINDS, parameters_text
from core.studies.approximate.presets import presets
from core.studies.approximate.subject import open_subject
from dashboard.shared import kept_indexes, kept_timings
from dashboard.shared.kept_indexes import LABELS, MeasuredIndex
from dashboard.shared.state import View

NAMES = {"vectors": "Embeddings", "codes": "Binary codes"}


def section(view: View) -> None:
    """Draw the choice of an index and, once measured, the table; nothing where this process searches."""
    engine = kept_indexes.engine_of(view)
    if engine is None:
        return
    st.subheader("Approximate indexes")
    st.caption(
        f"Indexes of {engine.name} that may miss items, as they are used in production: what they find of the exact "
        f"top {view.k}, what that costs in quality, and how long a client waits. An index of codes is also the first "
        "stage of hashed search: its shortlist is ranked again by exact similarity."
    )
    known: list[Kind] = [of for of in KINDS if engine.kinds[of]]
    if not known:
        st.info(f"{engine.name} has no approximate index.", icon=":material/info:")
        return
    of, indexes, pressed = _controls(view, engine, known)
    if pressed:
        bar = st.progress(0.0, f"Building {indexes[0].kind} …")
        with alone():
            kept_indexes.measure(view, of, indexes, bar.progress)
        bar.empty()
    _show(view, engine)


def _controls(view: View, engine: SearchEngine, known: list[Kind]) -> tuple[Kind, list[ApproximateIndex], bool]:
    """Draw the choice of what is indexed and how, and the button."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of = known[0]
        if len(known) > 1:
            of = st.segmented_control(
                "Index of", known, default=of, required=True, key="approximate_of", format_func=NAMES.__getitem__,
                persist_state="session",
            )  # fmt: skip
        subject = open_subject(view.engine.at(view.setting), of).collection
        most = view.k if of == "vectors" else view.setting.shortlist(view.k, view.task.size)
        offered = presets(engine, of, subject.count, subject.width, most + 1)
        place = st.selectbox(
            "Index", range(len(offered)), key=f"approximate_index_{of}", width=520,
            format_func=lambda place: _title(offered[place]),
            help="One build, searched with each of the parameters.",
        )  # fmt: skip
        pressed = st.button(
            "Build and measure", icon=":material/construction:", key="approximate_measure",
            help=f"Builds the index in {engine.name}, asks it for every query, then times single queries. An earlier "
            "index of this kind is replaced.",
        )  # fmt: skip
    return of, offered[place], pressed


def _title(indexes: Sequence[ApproximateIndex]) -> str:
    """Such as `HNSW, M=16: ef=128 · ef=256`."""
    first = indexes[0]
    built = f"{first.kind}, {parameters_text(first.build)}" if first.build else first.kind
    searched = " · ".join(parameters_text(index.search) for index in indexes if index.search)
    return f"{built}: {searched}" if searched else built


def _show(view: View, engine: SearchEngine) -> None:
    """The table of what was measured at this setting."""
    kept, every = kept_indexes.current(view), kept_indexes.every()
    if not kept:
        if every:
            last = every[-1]
            differs = kept_timings.changes(last.depends_on, kept_indexes.depends_on(view, last.study.of))
            st.warning(
                f"The measured indexes belong to another setting ({'; '.join(differs)}). Measure again for this one.",
                icon=":material/history:",
            )
        else:
            st.info("No index has been measured in this session.", icon=":material/timer:")
        return
    table = kept_indexes.table_of(view, kept)
    _quality(view, table)
    _times(table)
    _remarks(kept)
    st.caption(
        "**Recall**: share of the exact top k that is found. Differences are from exact search, paired over the same "
        "queries, with 95 % intervals. **Median, p95, p99**: single queries from one client, through this process and "
        "the network; the least request's **round trip** is part of them. **Queries/s**: in brackets the number of "
        f"clients that ask at once, all of them threads of this process. At least {QUERIES} requests each. A re-ranked "
        f"search includes its re-ranking. {kept[-1].machine}. {kept[-1].when}."
    )
    st.download_button(
        "Download CSV", to_csv(table).encode(), f"approximate-{engine.name}.csv", "text/csv", on_click="ignore",
        key="approximate_csv", icon=":material/download:",
        help=f"`{view.command('approximate')} --engine {engine.name}=ADDRESS --k {view.k} --index INDEX` writes this "
        "table, with times of its own.",
    )  # fmt: skip


def _quality(view: View, table: pd.DataFrame) -> None:
    """Recall and the sidebar's two metrics, a row per search, this project's own first."""
    metrics = {name: f"{get_metric(name).label}@{view.k}" for name in (view.map_metric, view.mahp_metric)}
    shown = _names(table) | {"Recall": table["recall"]}
    for name, label in metrics.items():
        shown[label] = table[name]
        shown[f"Difference, {label}"] = [
            "" if search == "exact" else _interval(*values)
            for search, values in zip(
                table["search"],
                table[[f"{name}_difference{part}" for part in ("", "_low", "_high")]].to_numpy(),
                strict=True,
            )
        ]
    shown["Incomplete"] = table["incomplete"]
    formats = dict.fromkeys(["Recall", *metrics.values()], "%.4f") | {"Incomplete": "%,.0f"}
    _draw(shown, formats, "approximate_quality", "Recall and quality of each measured index and of this project's own")


def _times(table: pd.DataFrame) -> None:
    """What clients waited for, a row per search of the engine."""
    rows = table[table["engine"] != "local"]
    names = {"Build, s": "build_s", "Median, ms": "median_ms", "p95, ms": "p95_ms", "p99, ms": "p99_ms"}
    names |= {"Round trip, ms": "round_trip_ms"}
    names |= {f"Queries/s ({many})": f"queries_per_s_{many}" for many in CLIENTS}
    names |= {"Errors": "errors"}
    shown = _names(rows) | {title: rows[name] for title, name in names.items()}
    formats = {title: "%.2f" if title.endswith("ms") else "%,.0f" for title in names} | {"Build, s": "%.1f"}
    _draw(shown, formats, "approximate_times", "Build time, latency and throughput of each measured index")


def _names(table: pd.DataFrame) -> dict[str, object]:
    """Which search a row is of."""
    return {
        "Search": table["search"].map(LABELS),
        "Index": [f"{kind} {build}".strip() for kind, build in zip(table["index"], table["build"], strict=True)],
        "Searched with": table["parameters"],
    }


def _draw(shown: dict[str, object], formats: dict[str, str], key: str, alt: str) -> None:
    config = {title: st.column_config.NumberColumn(format=text) for title, text in formats.items()}
    frame = pd.DataFrame(shown)
    st.dataframe(frame, hide_index=True, column_config=config, key=key, alt=alt, height="content")


def _interval(difference: float, low: float, high: float) -> str:
    return f"{difference:+.4f} [{low:+.4f}, {high:+.4f}]".replace("-", "−")


def _remarks(kept: Sequence[MeasuredIndex]) -> None:
    """Say what a reader has to know: incomplete answers and requests that failed."""
    found = [each for measured in kept for each in measured.study.found]
    few = [each for each in found if each.incomplete]
    if few:
        names = "; ".join(
            f"{each.index.kind} {parameters_text(each.index.search)}: {each.incomplete:,} queries got fewer than "
            f"{each.needed:,} items".replace("  ", " ")
            for each in few
        )
        st.warning(f"Incomplete answers ({names}). Missing places count as misses.", icon=":material/warning:")
    failed = [times for each in found for times in each.clients if times.errors]
    if failed:
        count = sum(times.errors for times in failed)
        st.error(f"{count} timed requests failed. The first said: {failed[0].error}", icon=":material/error:")
