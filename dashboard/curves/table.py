"""What the Curves page draws as a table to take away: one row a line, metric and k."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
import streamlit as st

from core.engine.results import Curve
from core.reports.tables import to_csv
from dashboard.curves import series
from dashboard.curves.series import Series
from dashboard.shared.export_tables import file_name, rounded
from dashboard.shared.state import View

COLUMNS = (
    "line", "bundle", "version", "encoder", "hash", "bits", "multiplier", "protocol", "near_duplicates", "hierarchy",
    "search", "metric", "k", "value", "ci_low", "ci_high", "queries",
)  # fmt: skip


def table(view: View, drawn: Sequence[Series], metrics: Sequence[str]) -> pd.DataFrame:
    """Mean and 95 % normal band over queries of every line at each of its k, for metrics that it has.

    What a search does not depend on is empty: exact search on a hash, Hamming search on a multiplier.
    """
    parts = []
    for line, metric, found in _curves(view, drawn, metrics):
        parts.append(pd.DataFrame({**_described(view, line), "metric": metric, "k": found.ks, **rounded(found)}))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def offer(view: View, drawn: Sequence[Series], metrics: Sequence[str]) -> None:
    """The button; the table is made when it is asked for, not at every move."""
    rows = sum(len(found.ks) for _, _, found in _curves(view, drawn, metrics))
    st.download_button(
        f"Download these curves as CSV ({rows:,} rows)",
        lambda: to_csv(table(view, drawn, metrics)).encode(),
        file_name(view, "curves-drawn"),
        "text/csv",
        key="curves_download",
        on_click="ignore",
        icon=":material/download:",
        help="Every line at each of its k: " + ", ".join(dict.fromkeys(metrics)) + ".",
    )


def _curves(view: View, drawn: Sequence[Series], metrics: Sequence[str]) -> Iterator[tuple[Series, str, Curve]]:
    for line in drawn:
        for metric in dict.fromkeys(filter(None, map(line.metric, metrics))):
            yield line, metric, series.curve(view, line, metric)


def _described(view: View, line: Series) -> dict[str, object]:
    own, setting = line.own_view or view, line.setting
    exact = line.search == "exact"
    return {
        "line": line.label,
        "bundle": own.bundle.name,
        "version": own.bundle.version,
        "encoder": setting.encoder,
        "hash": "" if exact else setting.hash,
        "bits": "" if exact else str(series.bits_of(view, line)),
        "multiplier": setting.multiplier if line.search == "hashed" else "",
        "protocol": setting.protocol,
        "near_duplicates": setting.near_duplicates,
        "hierarchy": setting.hierarchy,
        "search": line.search,
        "queries": len(own.task.queries),
    }
