"""The part of the Encoders page that sets the encoders side by side: the table, its file, quality against time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from core.engine.engine import Engine
from core.hashing.registry import get_hash
from core.metrics.registry import get_metric
from core.reports.encoder_table import encoder_row, to_frame
from core.runtime.shared_types import named_rows
from core.settings import Setting
from dashboard.encoders.charts import quality_figure
from dashboard.shared.comparison import milliseconds
from dashboard.shared.downloads import download, request_of
from dashboard.shared.state import View
from dashboard.shared.style import dark_page
from dashboard.shared.verdict import percent

UNKNOWN = "–"
ONE, BATCH = "One image", "In batches"


@st.cache_data(max_entries=200, show_spinner=False)
def row_of(
    _engine: Engine, path: str, version: str, setting: Setting, k: int, map_metric: str, mahp_metric: str
) -> dict[str, object]:
    """One encoder's row; `path` and `version` stand for the engine's bundle."""
    return encoder_row(_engine, setting, k, map_metric, mahp_metric)


def judged(view: View) -> pd.DataFrame:
    """The table of all encoders under the sidebar's setting, with a bar while there is something to wait for."""
    encoders, rows = view.bundle.encoders, []
    bar = st.progress(0.0, "Judging …")
    for number, encoder in enumerate(encoders):
        bar.progress(number / len(encoders), f"Searching with {encoder}, {number + 1} of {len(encoders)} …")
        setting = replace(view.setting, encoder=encoder)
        key = view.version
        rows.append(row_of(view.engine, *key, setting, view.k, view.map_metric, view.mahp_metric))
    bar.empty()
    return to_frame(rows)


def draw(view: View) -> None:
    """Table, notes, download, scatter."""
    table = judged(view)
    shown = side_by_side(table)
    st.table(shown, border="horizontal", hide_index=True)
    for note in notes(view.setting, table):
        st.caption(note)
    for row in named_rows(table[table["problem"].notna()]):
        st.warning(f"{row.encoder}: {row.problem}", icon=":material/error:")
    download("encoders", request_of(view), table, "encoders_csv")
    draw_scatter(view, table)


def draw_scatter(view: View, table: pd.DataFrame) -> None:
    """Quality against the time to encode an image."""
    st.subheader("Quality against encode time", anchor=False)
    timed = {ONE: "encode_ms", BATCH: "encode_batch_ms"}
    timed = {label: column for label, column in timed.items() if table[column].notna().any()}
    if not timed:
        st.info("The bundle does not say how long its encoders take for an image.", icon=":material/timer:")
        return
    qualities = {
        f"{get_metric(view.map_metric).label}@{view.k}": "map",
        f"{get_metric(view.mahp_metric).label}@{view.k}": "mahp",
        "P@1": "precision_at_1",
    }
    columns = list(qualities.values())
    labels = dict(zip(columns, qualities, strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        quality = st.segmented_control(
            "Quality", columns, default="map", required=True, key="encoders_quality", format_func=labels.__getitem__
        )
        time = next(iter(timed))
        if len(timed) > 1:
            time = st.segmented_control("Time", list(timed), default=ONE, required=True, key="encoders_time")
    column = timed[time]
    title = "Milliseconds an image, " + ("alone" if time == ONE else "in batches")
    words = "; ".join(
        f"{row.encoder}: {getattr(row, quality):.4f} at {milliseconds(getattr(row, column))}"
        for row in named_rows(table[table[column].notna() & table[quality].notna()])
    )
    figure = quality_figure(table, quality, column, (title, labels[quality]), dark_page())
    st.plotly_chart(figure, key="encoders_scatter", width="stretch", alt=f"{labels[quality]} by encode time. {words}")
    missing = table.loc[table[column].isna(), "encoder"]
    st.caption(
        "Up and to the left is better; bars are 95 % intervals. "
        + (f"Without a measured time: {', '.join(missing)}. " if len(missing) else "")
        + "Encoding is one part of a query's time, and the same for exact and hashed search; Timing shows the other."
    )


def side_by_side(table: pd.DataFrame) -> pd.DataFrame:
    """The encoder table turned on its side, as text: one column an encoder, the best of a row in bold."""
    k = int(table["k"].iloc[0])
    ap, ahp = (get_metric(table[name].iloc[0]).label for name in ("map_metric", "mahp_metric"))
    lines = [
        ("Accuracy, test images", _each(table, "accuracy", percent), _best(table, "accuracy")),
        ("Accuracy, held-out images", _each(table, "accuracy_held_out", percent), _best(table, "accuracy_held_out")),
        _quality(table, f"{ap}@{k}, exact", "map"),
        _quality(table, f"{ahp}@{k}, exact", "mahp"),
        _quality(table, "P@1, exact", "precision_at_1"),
        ("Code", [_code(row) for row in named_rows(table)], []),
        _quality(table, f"{ap}@{k}, hashed", "hashed_map"),
        _quality(table, f"{ahp}@{k}, hashed", "hashed_mahp"),
        (
            "Rank correlation with the class tree",
            _each(table, "tree_correlation", "{:.3f}".format),
            _best(table, "tree_correlation"),
        ),
        ("Encoding one image", _each(table, "encode_ms", milliseconds), _best(table, "encode_ms", least=True)),
        (
            "Encoding in batches, an image",
            _each(table, "encode_batch_ms", milliseconds),
            _best(table, "encode_batch_ms", least=True),
        ),
        ("Dimensions", _each(table, "dimensions", "{:,}".format), []),
        ("Parameters", _each(table, "parameters", _count), []),
        ("Bytes an image, float32", _each(table, "bytes", "{:,}".format), []),
    ]
    known = [line for line in lines if any(text != UNKNOWN for text in line[1])]
    rows = [(label, *_emphasised(texts, best)) for label, texts, best in known]
    return pd.DataFrame(rows, columns=["", *table["encoder"]])


def notes(setting: Setting, table: pd.DataFrame) -> list[str]:
    """What the figures rest on; which encoders have another code than the sidebar's; how times were taken."""
    queries = table["queries"].dropna()
    said = [
        f"Means over {int(queries.iloc[0]):,} queries with 95 % bootstrap intervals, protocol {setting.protocol}, "
        f"hierarchy {setting.hierarchy}; mAP as `{table['map_metric'].iloc[0]}`, mAHP as "
        f"`{table['mahp_metric'].iloc[0]}`; hashed search with multiplier {setting.multiplier}. Accuracy is that "
        f"of the encoder's own classifier. {UNKNOWN}: not known."
        if len(queries)
        else "No encoder could be judged."
    ]
    coded = table[table["hash"].notna()]
    groups: Any = coded.groupby(["hash", "bits"], sort=False)  # whose stubs know no type of a key
    for (name, bits), rows in groups:
        if name != setting.hash:
            said.append(
                f"No codes by {get_hash(setting.hash).label}: {', '.join(rows['encoder'])}; there hashed search is by "
                f"{get_hash(name).label}, {bits} bits."
            )
    return said + _time_notes(table)


def _time_notes(table: pd.DataFrame) -> list[str]:
    """How the times were taken, one line a machine and batch."""
    said = []
    timed = table[table["encode_ms"].notna()]
    for machine, rows in timed.groupby(timed["encode_machine"].fillna("machine not known"), sort=False):
        said.append(f"One image, one thread ({', '.join(rows['encoder'])}): median, {machine}.")
    batched = table[table["encode_batch_ms"].notna()]
    sizes = batched[["encode_batch", "encode_threads"]].astype("object").where(lambda frame: frame.notna(), None)
    for (size, threads), names in batched["encoder"].groupby([sizes[name].map(_known) for name in sizes], sort=False):
        said.append(f"In batches of {size} on {threads} threads: {', '.join(names)}.")
    return said


def _known(value: object) -> str:
    return "an unknown number" if value is None else f"{value:,}"


def _quality(table: pd.DataFrame, label: str, column: str) -> tuple[str, list[str], list[int]]:
    """A line of means with their intervals."""
    texts = [
        UNKNOWN if pd.isna(mean) else f"{mean:.4f} [{low:.4f}, {high:.4f}]"
        for mean, low, high in table[[column, f"{column}_low", f"{column}_high"]].itertuples(index=False)
    ]
    return label, texts, _best(table, column)


def _each(table: pd.DataFrame, column: str, text: Callable[[float], str]) -> list[str]:
    return [UNKNOWN if pd.isna(value) else text(value) for value in table[column]]


def _best(table: pd.DataFrame, column: str, least: bool = False) -> list[int]:
    """The places of the best value where there are several to compare."""
    values = table[column].astype(float)
    if values.notna().sum() < 2:
        return []
    best = values.min() if least else values.max()
    return [place for place, value in enumerate(values) if value == best]


def _emphasised(texts: list[str], best: list[int]) -> list[str]:
    return [f"**{text}**" if place in best else text for place, text in enumerate(texts)]


def _code(row: Any) -> str:
    return UNKNOWN if pd.isna(row.hash) else f"{get_hash(row.hash).label}, {row.bits} bits"


def _count(value: float) -> str:
    """A count of parameters: 3.18 million."""
    return f"{value / 1e6:.3g} million" if value >= 1e6 else f"{int(value):,}"
