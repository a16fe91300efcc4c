import math
from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.registry import family
from core.reports.tables import metric_rows, summary_table, to_csv
from core.runtime.shared_types import Json
from core.settings import K_RANGE, Setting, parse_ks
from dashboard.export import buckets as export_buckets
from dashboard.export import original_system as export_source
from dashboard.shared import export_tables, latency, state
from dashboard.shared.state import View

PREVIEW = 200
DEFAULT_KS = "1,5,20,100,250"
TABLES = {
    "metrics": "Every metric at each k, with its 95 % bootstrap interval: one row a value, the same bytes that the "
    "command below writes.",
    "summary": "One row a search: time of one query, then mAP and mAHP at each k.",
    "queries": "One row a query: its class, and mAP, mAHP and hits at the sidebar's k by each search.",
    "curves": "Every metric at every k that the curves show, with 95 % normal bands, rounded to 8 decimals.",
    export_source.NAME: "What the source system published for CIFAR-100, and beside it ours in its own definitions and "
    "protocol: `test-vs-test-with-self`, divisor k, 48 bits, a shortlist of 2k. It does not follow the sidebar.",
    export_buckets.NAME: "What k-means cells and hash tables let a search leave out: precision against the images that "
    "are compared, by our definitions and by those of a published study. Of the sidebar it follows the encoder.",
    "settings": "What the figures were computed from, as JSON.",
}


@st.cache_data(max_entries=8, show_spinner="Computing every metric, with intervals …")
def metric_table(path: str, version: str, setting: Setting, ks: tuple[int | str, ...], _engine: Engine) -> pd.DataFrame:
    """The long metric table, kept by its setting."""
    return metric_rows(_engine, setting, ks=ks)


@st.cache_data(max_entries=4, show_spinner="Judging every query …")
def query_rows(
    path: str, version: str, setting: Setting, k: int, map_metric: str, mahp_metric: str, _engine: Engine
) -> pd.DataFrame:
    """The values of every query, kept by their setting."""
    return export_tables.query_table(_engine, setting, k, map_metric, mahp_metric)


def choose_ks(view: View) -> tuple[int | str, ...]:
    """The list of k that a person sets, less those above the gallery, which are named."""
    text = st.text_input(
        "k",
        DEFAULT_KS,
        key="export_k",
        bind="query-params",
        help=f"Whole numbers from {K_RANGE[0]} to {K_RANGE[1]:,}, with commas between; 'all' is the whole gallery "
        "(exact and Hamming search alone; it takes a while).",
    )
    ks, above = export_tables.fitting_ks(parse_ks(text), view.task.size)
    if not ks:
        raise BadInput(f"k '{text}' is above the {view.task.size:,} images that a query can find: give a smaller one")
    if above:
        st.info(
            f"Left out, above the {view.task.size:,} images that a query can find: k = {', '.join(map(str, above))}.",
            icon=":material/info:",
        )
    return tuple(ks)


def offer(view: View, name: str, frame: pd.DataFrame, file: str | None = None, config: Json | None = None) -> None:
    """A download of the whole table (as `file`; None: named after the setting) and a preview of its head.

    `config`: how the preview shows columns.
    """
    data = to_csv(frame).encode()
    st.download_button(
        f"Download CSV ({len(frame):,} rows, {math.ceil(len(data) / 1000):,} kB)",
        data,
        file or export_tables.file_name(view, name),
        "text/csv",
        key=f"export_download_{name}",
        on_click="ignore",
        icon=":material/download:",
        type="primary",
    )
    if len(frame) > PREVIEW:
        st.caption(f"The first {PREVIEW} of {len(frame):,} rows:")
    st.dataframe(
        frame.head(PREVIEW),
        hide_index=True,
        column_config=config,
        key=f"export_preview_{name}",
        placeholder="",
        alt=f"Preview of {name}",
    )


def draw_metrics(view: View) -> None:
    """The long table."""
    ks = choose_ks(view)
    bundle = view.bundle
    offer(view, "metrics", metric_table(str(bundle.path), bundle.version, view.setting, ks, view.engine))
    draw_command(view, ks)


def draw_summary(view: View) -> None:
    """The wide table, in the definitions that a person picks."""
    ks = choose_ks(view)
    definitions = [metric.name for metric in (*family("map"), *family("mahp"))]
    chosen = st.multiselect(
        "Definitions",
        definitions,
        [view.map_metric, view.mahp_metric],
        key=f"export_definitions_{view.map_metric}_{view.mahp_metric}",
        help="Those of the sidebar at first. `ap_source` and `ap_trec` are the divisors k and R.",
    )
    encode_ms = view.bundle.encoder_info(view.setting.encoder).get("encode_ms")
    with st.spinner("Computing …"):
        times = latency.query_times(view)
        frame = summary_table(view.engine, view.setting, ks=ks, metrics=chosen, encode_ms=encode_ms, retrieval_ms=times)
    offer(view, "summary", frame)
    unknown = "" if encode_ms is not None else " Encode time is empty: the bundle does not say it."
    st.caption(f"Retrieval time is that at k = {view.k}. {latency.how_measured()}{unknown}")
    does = "writes a summary beside it, metrics.csv.summary.csv, in `ap` and `ahp`, with times of its own"
    draw_command(view, ks, does=does)


def draw_queries(view: View) -> None:
    """The values of every query."""
    bundle = view.bundle
    frame = query_rows(
        str(bundle.path), bundle.version, view.setting, view.k, view.map_metric, view.mahp_metric, view.engine
    )
    offer(view, "queries", frame)
    st.caption(f"At k = {view.k}; `query` is the image's place in its split, from 0.")
    draw_command(view, (view.k,), "--predictions hits.csv", "gives the hits themselves, one row a rank")


def draw_curves(view: View) -> None:
    """All curves."""
    with st.spinner("Searching …"):
        frame = export_tables.curve_table(view)
    offer(view, "curves", frame)
    draw_command(view, (view.k,), "--plot curves.html", "draws the curves")


def draw_source(view: View) -> None:
    """The published table beside ours."""
    export_source.draw(view, offer)


def draw_buckets(view: View) -> None:
    """The study of candidates."""
    export_buckets.draw(view, offer)


def draw_settings(view: View) -> None:
    """The setting as JSON."""
    text = export_tables.settings_json(view, command_line(view, (view.k,)))
    st.download_button(
        "Download JSON",
        text,
        export_tables.file_name(view, "settings", "json"),
        "application/json",
        key="export_download_settings",
        on_click="ignore",
        icon=":material/download:",
        type="primary",
    )
    st.code(text, "json")
    draw_command(view, (view.k,))


def command_line(view: View, ks: tuple[int | str, ...], output: str = "--out metrics.csv") -> str:
    """The command that computes this setting at these k."""
    return f"{view.command()} --k {','.join(map(str, ks))} {output}"


def draw_command(
    view: View, ks: tuple[int | str, ...], output: str = "--out metrics.csv", does: str = "gives the same numbers"
) -> None:
    """The command line, to copy."""
    st.caption(f"Without a browser, this {does}:")
    st.code(command_line(view, ks, output), "bash", wrap_lines=True)


DRAW: dict[str, Callable[[View], None]] = {
    "metrics": draw_metrics,
    "summary": draw_summary,
    "queries": draw_queries,
    "curves": draw_curves,
    export_source.NAME: draw_source,
    export_buckets.NAME: draw_buckets,
    "settings": draw_settings,
}

view = state.current()
st.caption(
    f"{view.bundle.dataset} · {view.setting.encoder} · {view.setting.hash}, {view.setting.bits} bits · multiplier "
    f"{view.setting.multiplier} · {view.protocol} · hierarchy {view.setting.hierarchy}"
)
table = st.segmented_control(
    "Table", list(TABLES), default="metrics", required=True, key="export_table", bind="query-params"
)
st.markdown(TABLES[table])
with state.section():
    DRAW[table](view)
