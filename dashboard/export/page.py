import math
from collections.abc import Callable
from typing import cast

import pandas as pd
import streamlit as st

from core.errors import BadInput
from core.exports.export import Table, encode
from core.exports.of_setting import evaluate_command
from core.exports.registry import EXPORTS, get_export
from core.exports.request import Request, fitting_ks
from core.metrics.registry import family
from core.reports.curve_table import DECIMALS
from core.runtime.shared_types import Json
from core.settings import K_RANGE, parse_ks
from dashboard.export import buckets as export_buckets
from dashboard.export import original_system as export_source
from dashboard.shared import latency, state
from dashboard.shared.downloads import command_of, download, kept_table, request_of
from dashboard.shared.state import View

PREVIEW = 200
DEFAULT_KS = "1,5,20,100,250"
TABLES = {
    "metrics": "Every metric at each k, with its 95 % bootstrap interval: one row a value, the same bytes that the "
    "commands below write.",
    "summary": "One row a search: time of one query, then mAP and mAHP at each k.",
    "queries": "One row a query: its class, and mAP, mAHP and hits at the sidebar's k by each search.",
    "curves": f"Every metric at every k that the curves show, with 95 % normal bands, rounded to {DECIMALS} decimals.",
    export_source.NAME: "What the source system published for CIFAR-100, and beside it ours in its own definitions and "
    "protocol: `test-vs-test-with-self`, divisor k, 48 bits, a shortlist of 2k. It does not follow the sidebar.",
    export_buckets.NAME: "What k-means cells and hash tables let a search leave out: precision against the images that "
    "are compared, by our definitions and by those of a published study. Of the sidebar it follows the encoder.",
    "settings": "What the figures were computed from, as JSON.",
}


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
    ks, above = fitting_ks(parse_ks(text), view.task.size)
    if not ks:
        raise BadInput(f"k '{text}' is above the {view.task.size:,} images that a query can find: give a smaller one")
    if above:
        st.info(
            f"Left out, above the {view.task.size:,} images that a query can find: k = {', '.join(map(str, above))}.",
            icon=":material/info:",
        )
    return tuple(ks)


def offer(
    view: View, name: str, request: Request, table: Table, key: str | None = None, config: Json | None = None
) -> None:
    """A download of the whole table, a preview of its head, and the command that writes the same file.

    `key` tells widgets apart where it is not the table's name; `config` is how the preview shows columns.
    """
    key, frame = key or name, cast(pd.DataFrame, table)
    size = math.ceil(len(encode(frame)) / 1000)
    download(
        name, request, frame, f"export_download_{key}", f"Download CSV ({len(frame):,} rows, {size:,} kB)",
        type="primary",
    )  # fmt: skip
    if len(frame) > PREVIEW:
        st.caption(f"The first {PREVIEW} of {len(frame):,} rows:")
    st.dataframe(
        frame.head(PREVIEW),
        hide_index=True,
        column_config=config,
        key=f"export_preview_{key}",
        placeholder="",
        alt=f"Preview of {name}",
    )
    draw_command(name, request)


def draw_metrics(view: View) -> None:
    """The long table."""
    request = request_of(view, ks=choose_ks(view))
    offer(view, "metrics", request, kept_table("metrics", view.version, request.key, request))
    draw_other_command(request, "--out metrics.csv", "writes the same bytes, and a summary beside them")


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
    request = request_of(view, ks=ks, metrics=tuple(chosen), timer=lambda setting, k: latency.query_times(view))
    with st.spinner("Computing …"):
        frame = get_export("summary").make(request)
    offer(view, "summary", request, frame)
    known = view.bundle.encoder_info(view.setting.encoder).get("encode_ms") is not None
    unknown = "" if known else " Encode time is empty: the bundle does not say it."
    st.caption(f"Retrieval time is that at k = {view.k}. {latency.how_measured()}{unknown}")


def draw_queries(view: View) -> None:
    """The values of every query."""
    request = request_of(view)
    offer(view, "queries", request, kept_table("queries", view.version, request.key, request))
    st.caption(f"At k = {view.k}; `query` is the image's place in its split, from 0.")
    draw_other_command(request, "--predictions hits.csv", "gives the hits themselves, one row a rank")


def draw_curves(view: View) -> None:
    """All curves."""
    request = request_of(view)
    with st.spinner("Searching …"):
        frame = get_export("curves").make(request)
    offer(view, "curves", request, frame)
    draw_other_command(request, "--plot curves.html", "draws the curves")


def draw_source(view: View) -> None:
    """The published table beside ours."""
    export_source.draw(view, offer)


def draw_buckets(view: View) -> None:
    """The study of candidates."""
    export_buckets.draw(view, offer)


def draw_settings(view: View) -> None:
    """The setting as JSON."""
    request = request_of(view)
    text = get_export("settings").make(request)
    download("settings", request, text, "export_download_settings", "Download JSON", type="primary")
    st.code(text, "json")
    draw_command("settings", request)
    draw_other_command(request, "--out metrics.csv", "computes its figures")


def draw_command(name: str, request: Request) -> None:
    """The command that writes the table shown, to copy."""
    export = get_export(name)
    same = "the same table, with times of its own" if export.timed else "the same bytes"
    st.caption(f"Without a browser, this writes {same} (`--out -` to standard output, none to read it):")
    st.code(command_of(name, request), "bash", wrap_lines=True)


def draw_other_command(request: Request, output: str, does: str) -> None:
    """What `evaluate` does at the same setting, to copy."""
    st.caption(f"And this {does}:")
    st.code(evaluate_command(request, output), "bash", wrap_lines=True)


def draw_others() -> None:
    """The tables of the other pages, which have a command too."""
    rows = [(each.page, each.name, each.description) for each in EXPORTS.values() if each.page != "Export"]
    with st.expander("Tables of the other pages"):
        st.caption("`python -m core export NAME` prints one, with `--out FILE` it is a file; `--help` has the options.")
        st.dataframe(
            pd.DataFrame(rows, columns=["page", "name", "what it holds"]), hide_index=True, key="export_others",
            alt="Names of the tables of the other pages",
        )  # fmt: skip


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
draw_others()
