"""The curves of a setting as a picture: an .html page that needs no network, or a .png."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.engine import Engine
from core.errors import BadInput
from core.metrics.registry import get_metric
from core.reports.figures.curves import Line, panels_figure
from core.reports.figures.style import SEARCH_LOOKS
from core.reports.tables import curves_at
from core.settings import Setting, curve_ks

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


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
    """One panel per metric: mean over queries at every k up to `deepest`, with 95 % bands."""
    ks = [k for k in curve_ks(deepest, engine.at(setting).task.size) if k <= deepest]
    curves = {search: curves_at(engine, search, setting, ks, metrics) for search in searches}
    panels = [
        (
            f"{get_metric(metric).label} at k",
            [Line(search, SEARCH_LOOKS[search], found[metric]) for search, found in curves.items() if metric in found],
        )
        for metric in metrics
    ]
    return panels_figure(
        panels,
        f"{engine.bundle.name}: encoder {setting.encoder}, hash {setting.hash} of {setting.bits} bits, "
        f"multiplier {setting.multiplier}, {setting.protocol}, hierarchy {setting.hierarchy}",
    )


def picture_bytes(figure: Figure, path: Path) -> bytes:
    """The file's content, by the ending of its name."""
    if path.suffix.lower() == ".html":
        return figure.to_html(include_plotlyjs=True, div_id="curves").encode()
    try:
        return figure.to_image(format="png", scale=2)
    except Exception as error:  # kaleido raises whatever its browser does
        reason = str(error).strip().split("\n")[0]
        raise BadInput(f"plot '{path}': kaleido could not draw it ({reason}); give a .html name") from error
