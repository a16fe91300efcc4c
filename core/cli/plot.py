"""The curves of a setting as a picture: an .html page that needs no network, or a .png."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.registry import get_metric
from core.reports.tables import curves_at
from core.settings import Setting, curve_ks

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

STYLES = {  # colour-blind safe (Okabe & Ito); the dash tells them apart without colour
    "exact": ("#0072B2", "solid"),
    "hashed": ("#D55E00", "dash"),
    "hamming": ("#009E73", "dot"),
    "asymmetric": ("#CC79A7", "dashdot"),
}


def check_picture(path: Path | None) -> None:
    """Refuse a picture that cannot be made, before any work is done."""
    if path is None:
        return
    kind = path.suffix.lower()
    if kind not in (".html", ".png"):
        raise BadInput(f"plot '{path}' is of no known kind: give a name that ends in .html or .png")
    if kind == ".png" and importlib.util.find_spec("kaleido") is None:
        raise BadInput(f"plot '{path}': a .png needs the package kaleido, which is not installed; give a .html name")


def draw_curves(
    engine: Engine, setting: Setting, searches: Sequence[str], metrics: Sequence[str], deepest: int
) -> Figure:
    """One panel a metric: mean over queries at every k up to `deepest`, with 95 % bands."""
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    ks = [k for k in curve_ks(deepest, engine.at(setting).task.size) if k <= deepest]
    labels = [get_metric(metric).label for metric in metrics]
    figure = make_subplots(rows=1, cols=len(metrics), subplot_titles=[f"{label} at k" for label in labels])
    for search in searches:
        curves = curves_at(engine, search, setting, ks, metrics)
        colour, dash = STYLES[search]
        for column, metric in enumerate(metrics, start=1):
            if metric not in curves:
                continue
            curve = curves[metric]
            band = {"line": {"width": 0}, "showlegend": False, "hoverinfo": "skip", "legendgroup": search}
            line = {"color": colour, "dash": dash}
            mode = "lines" if len(ks) > 1 else "markers"
            for trace in (
                Scatter(x=curve.ks, y=curve.low, mode="lines", **band),
                Scatter(x=curve.ks, y=curve.high, mode="lines", fill="tonexty", opacity=0.15, **band),
                Scatter(x=curve.ks, y=curve.mean, name=search, mode=mode, line=line, legendgroup=search,
                        showlegend=column == 1),
            ):  # fmt: skip
                if trace.fill:
                    trace.fillcolor = f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.15)"
                figure.add_trace(trace, row=1, col=column)
    figure.update_xaxes(title_text="k")
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(
        title_text=f"{engine.bundle.name}: encoder {setting.encoder}, hash {setting.hash} of {setting.bits} bits, "
        f"multiplier {setting.multiplier}, {setting.protocol}, hierarchy {setting.hierarchy}",
        template="plotly_white",
        width=max(700, 520 * len(metrics)),
        height=480,
    )
    return figure


def picture_bytes(figure: Figure, path: Path) -> bytes:
    """The file's content, by the ending of its name."""
    if path.suffix.lower() == ".html":
        return figure.to_html(include_plotlyjs=True, div_id="curves").encode()
    try:
        return figure.to_image(format="png", scale=2)
    except Exception as error:  # kaleido raises whatever its browser does
        reason = str(error).strip().split("\n")[0]
        raise BadInput(f"plot '{path}': kaleido could not draw it ({reason}); give a .html name") from error
