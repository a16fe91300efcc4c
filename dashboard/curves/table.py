"""What the Curves page draws as a table to take away: one row a line, metric and k."""

from __future__ import annotations

from collections.abc import Sequence

from core.exports.request import Request
from core.reports.curve_lines import line_curves, line_table
from dashboard.curves import series
from dashboard.curves.series import Series
from dashboard.shared.downloads import download
from dashboard.shared.state import View


def offer(view: View, drawn: Sequence[Series], metrics: Sequence[str], request: Request) -> None:
    """The button; the table is made when it is asked for, not at every move. `request` asks for the same lines."""
    lines = [series.line_of(view, each) for each in drawn]
    rows = sum(len(found.ks) for _, _, found in line_curves(lines, metrics))
    note = "Every line at each of its k: " + ", ".join(dict.fromkeys(metrics)) + "."
    download(
        "curves-drawn", request, lambda: line_table(lines, metrics), "curves_download",
        f"Download these curves as CSV ({rows:,} rows)", note,
    )  # fmt: skip
